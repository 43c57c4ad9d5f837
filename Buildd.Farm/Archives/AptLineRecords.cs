using System.Data.Common;
using Buildd.Debian.Apt;
using Buildd.Farm.Distributions;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;

namespace Buildd.Farm.Archives;

/// <summary>The lines for apt of builds; <see cref="FarmStore"/> says what holds of all its records.</summary>
/// <param name="store">Where the archives are.</param>
/// <param name="table">The archives.</param>
/// <param name="privacy">What they depend on.</param>
/// <param name="distributions">Their distributions.</param>
/// <param name="series">The series of these.</param>
internal sealed class AptLineRecords(
    FarmStore store, ArchiveTable table, ArchivePrivacy privacy, DistributionRecords distributions, SeriesRecords series)
{
    /// <summary>The lines that a build gets, for the slave alone: <see cref="ArchiveLine.Text"/> may hold passwords.</summary>
    /// <param name="archive">The number of the archive that is built for.</param>
    /// <param name="target">What is built.</param>
    /// <param name="credentials">Who the build is to private archives' servers; asked once for each.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">There is no such archive or series, or it depends on what has become private.</exception>
    internal Task<IReadOnlyList<ArchiveLine>> ForBuildAsync(
        long archive, AptTarget target, Func<Archive, ArchiveCredentials?> credentials, CancellationToken cancellationToken) =>
        store.ReadAsync(
            async connection =>
            {
                var found = await table.FindAsync(connection, archive)
                    ?? throw FarmException.NotFound($"there is no archive with the number {archive}");
                var named = await table.NameAsync(connection, found);
                var sources = await ReadAsync(connection, named, target);
                await RequireAsync(connection, named, sources);
                return AptLines.Of(sources with { Credentials = credentials });
            },
            cancellationToken);

    /// <summary>The lines that a build would get, without credentials, as far as an actor sees the archives.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="reference">The archive that is built for.</param>
    /// <param name="target">What is built.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">There is no such archive or series, or it depends on what has become private.</exception>
    internal Task<IReadOnlyList<ArchiveLine>> ListAsync(
        Actor actor, string reference, AptTarget target, CancellationToken cancellationToken)
    {
        var of = ArchiveReference.Parse(reference);
        return store.ReadAsync(
            async connection =>
            {
                var named = await table.GetAsync(connection, actor, of);
                var sources = await ReadAsync(connection, named, target);
                var seen = sources.Dependencies.Where(one => ArchiveRights.View.Allows(actor, one.Archive)).ToList();
                if (seen.Count == sources.Dependencies.Count)
                    await RequireAsync(connection, named, sources); // to others it would tell of what they don't see
                return AptLines.Of(sources with
                {
                    Primary = sources.Primary is { } primary && ArchiveRights.View.Allows(actor, primary) ? primary : null,
                    Dependencies = seen,
                });
            },
            cancellationToken);
    }

    /// <summary>Checks anew: a team may have become private, or its members others, since a dependency was added.</summary>
    private Task RequireAsync(DbConnection connection, NamedArchive named, AptSources sources) => privacy.RequireAsync(
        connection, named.Archive, named.Name, [.. sources.Dependencies.Select(one => one.Archive)]);

    private async Task<AptSources> ReadAsync(DbConnection connection, NamedArchive named, AptTarget target)
    {
        var archive = named.Archive;
        var distribution = await distributions.GetAsync(connection, archive.Distribution);
        var release = await series.GetAsync(connection, distribution, target.Series);
        var primary = archive.Purpose == ArchivePurpose.Primary ? null : await table.FindPrimaryAsync(connection, distribution.Id);
        return new AptSources
        {
            Archive = archive,
            Primary = primary,
            Series = release.Name,
            Pocket = target.Pocket,
            Component = target.Component,
            SourceComponent = target.SourceComponent,
            Dependencies = await privacy.DependenciesAsync(connection, archive.Id),
        };
    }
}

/// <summary>What is built in an archive, as far as the lines for apt depend on it.</summary>
/// <param name="Series">The series' name, an alias or its version.</param>
internal sealed record AptTarget(string Series)
{
    /// <inheritdoc cref="AptSources.Pocket"/>
    internal Pocket Pocket { get; init; } = Pocket.Release;

    /// <inheritdoc cref="AptSources.Component"/>
    internal string? Component { get; init; }

    /// <inheritdoc cref="AptSources.SourceComponent"/>
    internal string? SourceComponent { get; init; }
}

using System.Data.Common;
using Buildd.Farm.Audit;
using Buildd.Farm.People;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using Buildd.Linux.Files;

namespace Buildd.Farm.Distributions;

/// <summary>The architectures of series; <see cref="FarmStore"/> says what holds of all its records.</summary>
/// <param name="store">Whose they are.</param>
/// <param name="audit">Who changed what.</param>
/// <param name="distributions">The distributions.</param>
/// <param name="series">Their series.</param>
internal sealed class ArchitectureRecords(
    FarmStore store, AuditRecords audit, DistributionRecords distributions, SeriesRecords series)
{
    private const string Kind = "architecture";

    private readonly Table<SeriesArchitecture> _table = new(Kind, store.Dialect, ArchitectureColumns.All);

    /// <summary>Adds an architecture to a series.</summary>
    /// <param name="actor">Who asks: an administrator.</param>
    /// <param name="distribution">The distribution's name or an alias.</param>
    /// <param name="seriesName">The series' name, an alias or its version.</param>
    /// <param name="architecture">The architecture, without a number.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">There is no such series, the actor may not, a value can't be, or it is there already.</exception>
    internal Task<SeriesArchitecture> AddAsync(
        Actor actor, string distribution, string seriesName, SeriesArchitecture architecture, CancellationToken cancellationToken) =>
        store.WriteAsync(
            async connection =>
            {
                var (of, release) = await GetSeriesAsync(connection, distribution, seriesName);
                DistributionRights.Edit.Demand(actor, of, of.Name);
                var added = architecture with { Series = release.Id };
                Check(added);
                var others = await ListAsync(connection, release);
                if (others.Exists(other => other.Tag == added.Tag))
                    throw FarmException.Conflict($"the series {release.Name} has the architecture {added.Tag} already");
                if (others.Count >= SeriesArchitecture.MaxCount)
                {
                    throw FarmException.Conflict(
                        $"the series {release.Name} has {others.Count} architectures, and can have {SeriesArchitecture.MaxCount}");
                }

                return await Audited(of, release).AddAsync(connection, actor, added);
            },
            cancellationToken);

    /// <summary>The architectures of a series, by tag.</summary>
    /// <exception cref="FarmException">There is no such series.</exception>
    internal Task<IReadOnlyList<SeriesArchitecture>> ListAsync(
        string distribution, string seriesName, CancellationToken cancellationToken) =>
        store.ReadAsync<IReadOnlyList<SeriesArchitecture>>(
            async connection => await ListAsync(connection, (await GetSeriesAsync(connection, distribution, seriesName)).Series),
            cancellationToken);

    /// <summary>Changes an architecture.</summary>
    /// <param name="actor">Who asks: an administrator.</param>
    /// <param name="distribution">The distribution's name or an alias.</param>
    /// <param name="seriesName">The series' name, an alias or its version.</param>
    /// <param name="tag">Which.</param>
    /// <param name="change">Returns the architecture as it shall be, with the same tag; it may be called twice.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">There is none, the actor may not, a value can't be, or the nominated one would be
    /// disabled.</exception>
    internal Task<SeriesArchitecture> ChangeAsync(
        Actor actor,
        string distribution,
        string seriesName,
        string tag,
        Func<SeriesArchitecture, SeriesArchitecture> change,
        CancellationToken cancellationToken) => store.WriteAsync(
        async connection =>
        {
            var (of, release) = await GetSeriesAsync(connection, distribution, seriesName);
            var old = await FindAsync(connection, release, tag)
                ?? throw FarmException.NotFound($"the series {release.Name} of {of.Name} has no architecture {FileName.Display(tag)}");
            DistributionRights.Edit.Demand(actor, of, of.Name);
            var changed = change(old);
            if ((changed.Id, changed.Series, changed.Tag) != (old.Id, old.Series, old.Tag))
                throw FarmException.Invalid($"{old.Tag} is what dpkg calls the architecture, so that it stays");
            Check(changed);
            if (!changed.Enabled && release.Nominated == old.Tag)
                throw FarmException.Conflict($"{old.Tag} is nominated for packages for all: nominate another one before it is disabled");
            return await Audited(of, release).ChangeAsync(connection, actor, old, changed);
        },
        cancellationToken);

    /// <summary>The architecture of a number, to which something refers, and its series.</summary>
    internal Task<(Series Series, SeriesArchitecture Architecture)> GetAsync(long id, CancellationToken cancellationToken) =>
        store.ReadAsync(
            async connection =>
            {
                var architecture = await _table.FindAsync(connection, $"WHERE architecture.id = {id}")
                    ?? throw FarmException.NotFound($"there is no architecture with the number {id}");
                return (await series.GetAsync(connection, architecture.Series), architecture);
            },
            cancellationToken);

    /// <summary>The architecture of a tag; null when the series has none.</summary>
    internal async Task<SeriesArchitecture?> FindAsync(DbConnection connection, Series release, string tag) => Names.IsName(tag)
        ? await _table.FindAsync(connection, $"WHERE architecture.series = {release.Id} AND architecture.tag = {tag}")
        : null;

    /// <summary>The architectures of a series, by tag.</summary>
    internal Task<List<SeriesArchitecture>> ListAsync(DbConnection connection, Series release) =>
        _table.QueryAsync(connection, $"WHERE architecture.series = {release.Id} ORDER BY architecture.tag");

    private static void Check(SeriesArchitecture architecture)
    {
        Names.Check(architecture.Tag, Kind);
        Names.Check(architecture.Processor, "processor");
    }

    private async Task<(Distribution Distribution, Series Series)> GetSeriesAsync(
        DbConnection connection, string distribution, string seriesName)
    {
        var of = await distributions.GetAsync(connection, distribution);
        return (of, await series.GetAsync(connection, of, seriesName));
    }

    private AuditedTable<SeriesArchitecture> Audited(Distribution distribution, Series release) => new(
        store, audit, Kind, ArchitectureColumns.All, one => $"{distribution.Name}/{release.Name}/{one.Tag}");
}

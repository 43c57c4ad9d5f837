using Buildd.Farm.Audit;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using Buildd.Linux.Files;

namespace Buildd.Farm.Archives;

/// <summary>What archives depend on; <see cref="FarmStore"/> says what holds of all its records.</summary>
/// <remarks>Archives may depend on each other: a dependency holds for one archive and goes no further.</remarks>
/// <param name="store">Whose they are.</param>
/// <param name="audit">Who changed what.</param>
/// <param name="table">The archives.</param>
/// <param name="privacy">What must not depend on what.</param>
internal sealed class ArchiveDependencyRecords(FarmStore store, AuditRecords audit, ArchiveTable table, ArchivePrivacy privacy)
{
    /// <summary>Has an archive depend on another one.</summary>
    /// <param name="actor">Who asks: who may edit the archive, and sees the other one.</param>
    /// <param name="reference">The archive that is built for.</param>
    /// <param name="dependency">The archive that is installed from.</param>
    /// <param name="pocket">Its pocket. A PPA has the release alone.</param>
    /// <param name="component">Its component; null for that of the source.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">
    /// One of them isn't there, the actor may not, it depends on it already or on too much, or private packages would be shown.
    /// </exception>
    internal Task<ArchiveDependency> AddAsync(
        Actor actor, string reference, string dependency, Pocket pocket, string? component, CancellationToken cancellationToken)
    {
        var (of, on) = (ArchiveReference.Parse(reference), ArchiveReference.Parse(dependency));
        return store.WriteAsync(
            async connection =>
            {
                var (archive, name, _) = await table.GetAsync(connection, actor, of);
                ArchiveRights.Edit.Demand(actor, archive, name.ToString());
                var (other, otherName, _) = await table.GetAsync(connection, actor, on);
                Check(archive, other, otherName.ToString(), pocket, component);
                var all = await privacy.DependenciesAsync(connection, archive.Id);
                if (all.Exists(one => one.Archive.Id == other.Id))
                    throw FarmException.Conflict($"{name} depends on {otherName} already");
                if (all.Count >= ArchiveLimits.MaxDependencies)
                {
                    throw FarmException.Conflict(
                        $"{name} depends on {all.Count} archives, and can depend on {ArchiveLimits.MaxDependencies}");
                }

                await privacy.RequireAsync(connection, archive, name.ToString(), [other]);
                return await Audited(name, otherName).AddAsync(connection, actor, new ArchiveDependency
                {
                    Archive = archive.Id,
                    Dependency = other.Id,
                    Pocket = pocket,
                    Component = component,
                });
            },
            cancellationToken);
    }

    /// <summary>Ends that an archive depends on another one.</summary>
    /// <exception cref="FarmException">One of them isn't there, the actor may not, or it does not depend on it.</exception>
    internal Task RemoveAsync(Actor actor, string reference, string dependency, CancellationToken cancellationToken)
    {
        var (of, on) = (ArchiveReference.Parse(reference), ArchiveReference.Parse(dependency));
        return store.WriteAsync(
            async connection =>
            {
                var (archive, name, _) = await table.GetAsync(connection, actor, of);
                ArchiveRights.Edit.Demand(actor, archive, name.ToString());
                var (other, otherName, _) = await table.GetAsync(connection, actor, on);
                var (how, _) = (await privacy.DependenciesAsync(connection, archive.Id)).Find(one => one.Archive.Id == other.Id);
                if (how is null)
                    throw FarmException.NotFound($"{name} does not depend on {otherName}");
                await Audited(name, otherName).RemoveAsync(connection, actor, how);
                return true;
            },
            cancellationToken);
    }

    /// <summary>The archives that an archive depends on, as far as an actor sees them, in the order in which they were added.</summary>
    /// <exception cref="FarmException">There is no such archive.</exception>
    internal Task<IReadOnlyList<(ArchiveDependency How, NamedArchive Archive)>> ListAsync(
        Actor actor, string reference, CancellationToken cancellationToken)
    {
        var of = ArchiveReference.Parse(reference);
        return store.ReadAsync<IReadOnlyList<(ArchiveDependency, NamedArchive)>>(
            async connection =>
            {
                var (archive, _, _) = await table.GetAsync(connection, actor, of);
                var seen = (await privacy.DependenciesAsync(connection, archive.Id))
                    .Where(one => ArchiveRights.View.Allows(actor, one.Archive)).ToList();
                var named = await table.NameAsync(connection, [.. seen.Select(one => one.Archive)]);
                return [.. seen.Zip(named, (one, name) => (one.How, name))];
            },
            cancellationToken);
    }

    private static void Check(Archive archive, Archive other, string otherName, Pocket pocket, string? component)
    {
        if (archive.Id == other.Id)
            throw FarmException.Invalid("an archive does not depend on itself: its builds install from it anyway");
        if (archive.Distribution != other.Distribution)
            throw FarmException.Invalid($"{otherName} is of another distribution, which has no such series");
        if (other.Purpose == ArchivePurpose.Ppa && pocket != Pocket.Release)
            throw FarmException.Invalid($"{otherName} has the pocket {Pocket.Release.ToName()} alone");
        if (component is not null && !other.Components.Contains(component))
        {
            throw FarmException.Invalid(
                $"{otherName} has no component {FileName.Display(component)}, but {string.Join(", ", other.Components)}");
        }
    }

    /// <summary>The table under the name by which the audit finds what was done to the archive.</summary>
    private AuditedTable<ArchiveDependency> Audited(ArchiveReference archive, ArchiveReference dependency) => new(
        store, audit, "archive_dependency", ArchiveDependencyColumns.All, _ => $"{archive} on {dependency}");
}

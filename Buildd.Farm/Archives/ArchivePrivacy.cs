using System.Data.Common;
using Buildd.Farm.People;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;

namespace Buildd.Farm.Archives;

/// <summary>
/// What keeps private packages where they belong: an archive that everybody sees depends on no private one, since packages built from
/// private ones would show what is in them, and a private one only on what its own owner sees.
/// </summary>
/// <param name="store">Where the archives are.</param>
/// <param name="table">The archives.</param>
/// <param name="actors">Who is in which team.</param>
internal sealed class ArchivePrivacy(FarmStore store, ArchiveTable table, ActorRecords actors)
{
    private readonly Table<ArchiveDependency> _dependencies = new("archive_dependency", store.Dialect, ArchiveDependencyColumns.All);

    /// <summary>Checks all dependencies of an archive and on it.</summary>
    /// <param name="connection">The connection of the transaction.</param>
    /// <param name="archive">The archive as it shall be.</param>
    /// <param name="name">What it is called.</param>
    /// <exception cref="FarmException">One would show what is private.</exception>
    internal async Task RequireAsync(DbConnection connection, Archive archive, string name)
    {
        await RequireAsync(connection, archive, name, [.. (await DependenciesAsync(connection, archive.Id)).Select(one => one.Archive)]);
        if (!archive.IsPrivate)
            return;
        foreach (var user in await table.QueryAsync(
            connection,
            $"""
            WHERE archive.id IN (
                SELECT archive_dependency.archive FROM archive_dependency WHERE archive_dependency.dependency = {archive.Id})
            """))
        {
            if (!await IsOpenAsync(connection, user, archive))
                throw FarmException.Conflict($"archives depend on {name} that are others', or not private: it can't be hidden from them");
        }
    }

    /// <summary>Checks archives that an archive depends on.</summary>
    /// <inheritdoc cref="RequireAsync(DbConnection, Archive, string)"/>
    internal async Task RequireAsync(DbConnection connection, Archive archive, string name, IReadOnlyList<Archive> dependencies)
    {
        foreach (var dependency in dependencies)
        {
            if (!await IsOpenAsync(connection, archive, dependency))
            {
                throw FarmException.Conflict(archive.IsPrivate
                    ? $"{name} depends on a private archive that its owner does not see"
                    : $"{name} is not private, so that it can't depend on a private archive");
            }
        }
    }

    /// <summary>The dependencies of an archive with the archives, in the order in which they were added.</summary>
    internal async Task<List<(ArchiveDependency How, Archive Archive)>> DependenciesAsync(DbConnection connection, long archive)
    {
        var all = await _dependencies.QueryAsync(
            connection, $"WHERE archive_dependency.archive = {archive} ORDER BY archive_dependency.id");
        var archives = (await table.QueryAsync(
            connection, $"WHERE archive.id IN {new IdSet(all.Select(one => one.Dependency))}")).ToDictionary(one => one.Id);
        return [.. all.Select(one => (one, archives[one.Dependency]))];
    }

    /// <summary>Whether an archive may depend on another.</summary>
    private async Task<bool> IsOpenAsync(DbConnection connection, Archive archive, Archive dependency) => !dependency.IsPrivate
        || (archive.IsPrivate && (archive.Owner == dependency.Owner
            || ArchiveRights.View.Allows(await OwnerAsync(connection, archive.Owner), dependency)));

    private async Task<Actor> OwnerAsync(DbConnection connection, long owner) => new()
    {
        PersonId = owner,
        Name = "owner",
        Origin = "",
        Groups = new IdSet(await actors.GroupsAsync(connection, owner)),
    };
}

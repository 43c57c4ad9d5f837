using System.Data.Common;
using Buildd.Farm.Audit;
using Buildd.Farm.Distributions;
using Buildd.Farm.People;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using Buildd.Linux.Files;
using Dapper;

namespace Buildd.Farm.Archives;

/// <summary>The archives and their names, within a transaction. Any thread may use one.</summary>
/// <param name="store">Where they are.</param>
/// <param name="audit">Who changed what.</param>
/// <param name="people">Their owners.</param>
/// <param name="distributions">Their distributions.</param>
internal sealed class ArchiveTable(FarmStore store, AuditRecords audit, PersonRecords people, DistributionRecords distributions)
{
    /// <summary>The table's name, which is the kind of thing in the audit.</summary>
    internal const string Kind = "archive";

    private readonly Table<Archive> _table = new(Kind, store.Dialect, ArchiveColumns.All);

    /// <summary>That there is no such archive, or not for whoever asks: those two can't be told apart.</summary>
    internal static FarmException NoSuchArchive(string reference) =>
        FarmException.NotFound($"there is no archive {FileName.Display(reference)}");

    /// <summary>The archive of a reference, whoever asks; null when there is none.</summary>
    internal async Task<NamedArchive?> FindAsync(DbConnection connection, ArchiveReference reference)
    {
        if (await distributions.FindAsync(connection, reference.Distribution) is not { } distribution)
            return null;
        var conditions = new List<Sql>
        {
            $"archive.distribution = {distribution.Id}",
            $"archive.purpose = {reference.Purpose}",
        };
        if (reference.Name is { } name)
            conditions.Add($"archive.name = {name}");
        if (reference.Owner is { } ownerName)
        {
            if (await people.FindAsync(connection, ownerName) is not { } owner)
                return null;
            conditions.Add($"archive.owner = {owner.Id}");
        }

        return await _table.FindAsync(connection, $"WHERE {Sql.All(conditions)}") is { } archive
            ? await NameAsync(connection, archive)
            : null;
    }

    /// <summary>The archive of a reference that an actor sees.</summary>
    /// <exception cref="FarmException">There is none.</exception>
    internal async Task<NamedArchive> GetAsync(DbConnection connection, Actor actor, ArchiveReference reference) =>
        await FindAsync(connection, reference) is { } found && ArchiveRights.View.Allows(actor, found.Archive)
            ? found
            : throw NoSuchArchive(reference.ToString());

    /// <summary>The primary archive of a distribution; null when it has none.</summary>
    internal Task<Archive?> FindPrimaryAsync(DbConnection connection, long distribution) => _table.FindAsync(
        connection, $"WHERE archive.distribution = {distribution} AND archive.purpose = {ArchivePurpose.Primary}");

    /// <summary>The archive of a number; null when there is none.</summary>
    internal Task<Archive?> FindAsync(DbConnection connection, long id) =>
        _table.FindAsync(connection, $"WHERE archive.id = {id}");

    /// <summary>The archives for which a condition holds.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="rest">The end of the statement, from WHERE on.</param>
    internal Task<List<Archive>> QueryAsync(DbConnection connection, Sql rest) => _table.QueryAsync(connection, rest);

    /// <summary>How many archives there are for which a condition holds.</summary>
    internal Task<long> CountAsync(DbConnection connection, Sql condition)
    {
        Sql count = $"SELECT count(*) FROM archive WHERE {condition}";
        var (text, parameters) = count.For(store.Dialect);
        return connection.ExecuteScalarAsync<long>(text, parameters);
    }

    /// <summary>The table as one whose changes are audited, under the archive's name at this moment.</summary>
    internal AuditedTable<Archive> Audited(string name) => new(store, audit, Kind, ArchiveColumns.All, _ => name);

    /// <summary>Names an archive.</summary>
    internal async Task<NamedArchive> NameAsync(DbConnection connection, Archive archive) =>
        (await NameAsync(connection, [archive]))[0];

    /// <summary>Names archives, by two statements however many they are.</summary>
    internal async Task<List<NamedArchive>> NameAsync(DbConnection connection, IReadOnlyList<Archive> archives)
    {
        if (archives.Count == 0)
            return [];
        var owners = (await people.ListAsync(connection, new IdSet(archives.Select(archive => archive.Owner))))
            .ToDictionary(person => person.Id, person => person.Name);
        var names = (await distributions.ListAsync(connection, new IdSet(archives.Select(archive => archive.Distribution))))
            .ToDictionary(distribution => distribution.Id, distribution => distribution.Name);
        return
        [
            .. archives.Select(archive => new NamedArchive(
                archive, ArchiveReference.Of(archive, owners[archive.Owner], names[archive.Distribution]), owners[archive.Owner])),
        ];
    }
}

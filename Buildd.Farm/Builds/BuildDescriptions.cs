using System.Data.Common;
using Buildd.Farm.Archives;
using Buildd.Farm.People;
using Buildd.Farm.Store;
using Buildd.Master.Jobs;
using Dapper;
using ArchivePurpose = Buildd.Master.Jobs.ArchivePurpose;

namespace Buildd.Farm.Builds;

/// <summary>What mail and the checks of uploads have to know of an archive's build, beside what its kind of job knows.</summary>
/// <param name="store">Where everything is.</param>
/// <param name="archives">The archives.</param>
/// <param name="requests">What was asked for.</param>
internal sealed class BuildDescriptions(FarmStore store, ArchiveTable archives, RequestRecords requests)
{
    /// <summary>The most members of a team that owns a personal archive who are told of its builds.</summary>
    private const int MaxOwners = 100;

    /// <summary>Adds to a description; returns it as it is for a build that is in no archive.</summary>
    internal async Task<BuildDescription> CompleteAsync(long build, BuildDescription description, CancellationToken cancellationToken)
    {
        if (await requests.FindAsync(build, cancellationToken) is not { } found)
            return description;
        return await store.ReadAsync(
            async connection =>
            {
                var named = await archives.NameAsync(connection, found.Archive);
                var isPpa = found.Archive.Purpose == Archives.ArchivePurpose.Ppa;
                return description with
                {
                    Purpose = found.Archive.Purpose switch
                    {
                        Archives.ArchivePurpose.Ppa => ArchivePurpose.Ppa,
                        Archives.ArchivePurpose.Copy => ArchivePurpose.Copy,
                        _ => ArchivePurpose.Primary,
                    },
                    ArchiveReference = named.Name,
                    PpaName = isPpa ? $"{named.Reference.Owner}-{named.Reference.Name}" : null,
                    ArchiveOwners = isPpa ? await PeopleOfAsync(connection, found.Archive.Owner) : [],
                    Requester = found.Request.Requester is { } requester
                        ? await PeopleOfAsync(connection, requester) is [var person, ..] ? person : null
                        : description.Requester,
                };
            },
            cancellationToken);
    }

    /// <summary>A person, or the people in a team and in the teams in it, as mail has them; those who have left hear nothing.</summary>
    private async Task<IReadOnlyList<string>> PeopleOfAsync(DbConnection connection, long group)
    {
        Sql sql =
            $"""
            WITH RECURSIVE part (id) AS (
                SELECT id FROM person WHERE id = {group}
                UNION
                SELECT membership.member FROM membership JOIN part ON membership.team = part.id
                WHERE membership.state <> {MembershipState.Deactivated}
                    AND (membership.expires IS NULL OR membership.expires > {store.Time.GetUtcNow()})
            )
            SELECT person.display_name, address.address FROM part
            JOIN person ON person.id = part.id
            JOIN address ON address.person = person.id AND address.is_preferred
            WHERE NOT person.is_team AND person.state = {AccountState.Active}
            ORDER BY person.name LIMIT {MaxOwners}
            """;
        var (text, parameters) = sql.For(store.Dialect);
        return [.. (await connection.QueryAsync<(string Name, string Address)>(text, parameters))
            .Select(person => $"{person.Name} <{person.Address}>")];
    }
}

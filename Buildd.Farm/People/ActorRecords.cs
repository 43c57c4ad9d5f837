using System.Data.Common;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using Buildd.Linux.Files;
using Dapper;

namespace Buildd.Farm.People;

/// <summary>Makes actors of people, with the teams that they are in at this moment.</summary>
/// <param name="store">Where people are.</param>
/// <param name="people">The people.</param>
internal sealed class ActorRecords(FarmStore store, PersonRecords people)
{
    /// <summary>A person as an actor.</summary>
    /// <param name="name">The person's name, or a former one.</param>
    /// <param name="origin">Where the request came from.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">There is no such person, or the account is not active, or it is a team.</exception>
    internal Task<Actor> FindAsync(string name, string origin, CancellationToken cancellationToken) => store.ReadAsync(
        async connection => await MakeAsync(
            connection,
            await people.FindAsync(connection, name) ?? throw FarmException.NotFound($"there is no person called {FileName.Display(name)}"),
            origin),
        cancellationToken);

    /// <summary>A person as an actor, within a transaction.</summary>
    /// <exception cref="FarmException">The account is not active, or it is a team.</exception>
    internal async Task<Actor> MakeAsync(DbConnection connection, Person person, string origin)
    {
        if (person.IsTeam)
            throw FarmException.Invalid($"{person.Name} is a team, and only people do things");
        if (person.State != AccountState.Active)
            throw FarmException.NotAllowed($"the account {person.Name} is {person.State.ToString().ToLowerInvariant()}");
        var groups = new IdSet(await GroupsAsync(connection, person.Id));
        Sql administered =
            $"""
            SELECT team FROM membership
            WHERE state = {MembershipState.Administrator} AND (expires IS NULL OR expires > {store.Time.GetUtcNow()}) AND member IN {groups}
            """;
        return new Actor
        {
            PersonId = person.Id,
            Name = person.Name,
            Origin = origin,
            Groups = groups,
            AdministeredTeams = new IdSet(await QueryAsync(connection, administered)),
        };
    }

    /// <summary>The person, and all teams that they are in through active memberships only.</summary>
    internal Task<IEnumerable<long>> GroupsAsync(DbConnection connection, long person) => QueryAsync(
        connection,
        $"""
        WITH RECURSIVE part (id) AS (
            SELECT id FROM person WHERE id = {person}
            UNION
            SELECT membership.team FROM membership JOIN part ON membership.member = part.id
            WHERE membership.state <> {MembershipState.Deactivated}
                AND (membership.expires IS NULL OR membership.expires > {store.Time.GetUtcNow()})
        )
        SELECT id FROM part
        """);

    private Task<IEnumerable<long>> QueryAsync(DbConnection connection, Sql sql)
    {
        var (text, parameters) = sql.For(store.Dialect);
        return connection.QueryAsync<long>(text, parameters);
    }
}

using System.Data.Common;
using Buildd.Farm.Audit;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using Dapper;

namespace Buildd.Farm.People;

/// <summary>Who is in which team, within a transaction.</summary>
/// <param name="store">Where it is.</param>
/// <param name="audit">Who changed what.</param>
internal sealed class MembershipTable(FarmStore store, AuditRecords audit)
{
    private readonly Table<Membership> _table = new("membership", store.Dialect, MembershipColumns.All);

    /// <summary>The membership of somebody in a team; null when there has been none.</summary>
    internal Task<Membership?> FindAsync(DbConnection connection, long team, long member) =>
        _table.FindAsync(connection, $"WHERE membership.team = {team} AND membership.member = {member}");

    /// <summary>All memberships in a team.</summary>
    internal Task<List<Membership>> ListAsync(DbConnection connection, long team) =>
        _table.QueryAsync(connection, $"WHERE membership.team = {team} ORDER BY membership.joined, membership.member");

    /// <summary>All memberships of somebody in teams.</summary>
    internal Task<List<Membership>> ListOfAsync(DbConnection connection, long member) =>
        _table.QueryAsync(connection, $"WHERE membership.member = {member} ORDER BY membership.joined, membership.team");

    /// <summary>Writes a membership, in the place of one of the same member.</summary>
    /// <exception cref="FarmException">The team would be in itself.</exception>
    internal async Task SetAsync(DbConnection connection, Actor actor, Person team, Person member, Membership membership)
    {
        if (membership.State != MembershipState.Deactivated && await WouldBeCircleAsync(connection, team.Id, member.Id))
            throw FarmException.Conflict($"{team.Name} is in {member.Name}, so that {member.Name} can't be in {team.Name}");
        var old = await FindAsync(connection, team.Id, member.Id);
        using var set = _table.PrepareInsert(connection, _table.InsertOrUpdate("team", "member"), except: []);
        await set.ExecuteAsync(membership);
        await audit.WriteAsync(
            connection,
            actor,
            old is null ? "member added" : "membership changed",
            "person",
            team.Name,
            [new FieldChange("member " + member.Name, Describe(old), Describe(membership))]);
    }

    /// <summary>Whether a team is in the member, which expired memberships count for: they may be renewed.</summary>
    private async Task<bool> WouldBeCircleAsync(DbConnection connection, long team, long member)
    {
        Sql above =
            $"""
            WITH RECURSIVE part (id) AS (
                SELECT id FROM person WHERE id = {team}
                UNION
                SELECT membership.team FROM membership JOIN part ON membership.member = part.id
                WHERE membership.state <> {MembershipState.Deactivated}
            )
            SELECT count(*) FROM part WHERE id = {member}
            """;
        var (text, parameters) = above.For(store.Dialect);
        return await connection.ExecuteScalarAsync<long>(text, parameters) != 0;
    }

    private static string? Describe(Membership? membership) => membership is null
        ? null
        : $"\"{membership.State.ToString().ToUpperInvariant()}{(membership.Expires is { } end ? $" until {end.UtcDateTime:O}" : "")}\"";
}

using System.Data.Common;
using Buildd.Farm.Audit;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using Buildd.Linux.Files;

namespace Buildd.Farm.People;

/// <summary>Who is in which team; <see cref="FarmStore"/> says what holds of all its records.</summary>
/// <param name="store">Whose they are.</param>
/// <param name="audit">Who changed what.</param>
/// <param name="people">The people and teams.</param>
internal sealed class TeamRecords(FarmStore store, AuditRecords audit, PersonRecords people)
{
    private readonly MembershipTable _memberships = new(store, audit);

    /// <summary>Makes somebody a member of a team, changes what they are in it, or ends it.</summary>
    /// <param name="actor">Who asks: who may edit the team; to end it, the member too.</param>
    /// <param name="team">The team's name.</param>
    /// <param name="member">The name of a person or a team.</param>
    /// <param name="state">What they shall be.</param>
    /// <param name="expires">When that ends by itself; null for never.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">There is no such team or member, the actor may not, or the team would be in itself.</exception>
    internal Task<Membership> SetAsync(
        Actor actor, string team, string member, MembershipState state, DateTimeOffset? expires, CancellationToken cancellationToken) =>
        store.WriteAsync(connection => SetAsync(connection, actor, team, member, state, expires), cancellationToken);

    /// <summary>The same, within a transaction.</summary>
    /// <inheritdoc cref="SetAsync(Actor, string, string, MembershipState, DateTimeOffset?, CancellationToken)"/>
    internal async Task<Membership> SetAsync(
        DbConnection connection, Actor actor, string team, string member, MembershipState state, DateTimeOffset? expires)
    {
        var into = await people.GetSeenAsync(connection, actor, team);
        if (!into.IsTeam)
            throw FarmException.Invalid($"{into.Name} is a person, and only teams have members");
        var who = await people.GetSeenAsync(connection, actor, member);
        var isLeaving = state == MembershipState.Deactivated && actor.MayChange && actor.PersonId == who.Id;
        if (!isLeaving)
            PersonRights.Edit.Demand(actor, into, into.Name);
        var old = await _memberships.FindAsync(connection, into.Id, who.Id);
        if (old is null && state == MembershipState.Deactivated)
            throw FarmException.NotFound($"{who.Name} is not in the team {into.Name}");
        var now = store.Time.GetUtcNow();
        if (state != MembershipState.Deactivated && expires <= now)
            throw FarmException.Invalid($"{expires:yyyy-MM-dd HH:mm:ss'Z'} is over: nobody can be in a team until then");
        var membership = new Membership
        {
            Team = into.Id,
            Member = who.Id,
            State = state,
            Joined = old?.Joined ?? now,
            Expires = state == MembershipState.Deactivated ? null : expires,
            Changed = now,
            ChangedBy = actor.Name,
        };
        await _memberships.SetAsync(connection, actor, into, who, membership);
        return membership;
    }

    /// <summary>The members of a team, with what they are in it, those who have left included.</summary>
    /// <exception cref="FarmException">There is no such team.</exception>
    internal Task<IReadOnlyList<(Person Member, Membership Membership)>> ListAsync(
        Actor actor, string team, CancellationToken cancellationToken) => store.ReadAsync<IReadOnlyList<(Person, Membership)>>(
        async connection =>
        {
            var of = await people.FindAsync(connection, team);
            if (of is not { IsTeam: true } || !PersonRights.View.Allows(actor, of))
                throw FarmException.NotFound($"there is no team called {FileName.Display(team)}");
            var memberships = await _memberships.ListAsync(connection, of.Id);
            var members = (await people.ListAsync(connection, new IdSet(memberships.Select(one => one.Member))))
                .ToDictionary(person => person.Id);
            return
            [
                .. memberships.Where(one => PersonRights.View.Allows(actor, members[one.Member])).Select(one => (members[one.Member], one)),
            ];
        },
        cancellationToken);

    /// <summary>The teams that somebody is in, or has been, not those through others; only such as the actor sees.</summary>
    /// <exception cref="FarmException">There is no such person or team.</exception>
    internal Task<IReadOnlyList<(Person Team, Membership Membership)>> ListOfAsync(
        Actor actor, string member, CancellationToken cancellationToken) => store.ReadAsync<IReadOnlyList<(Person, Membership)>>(
        async connection =>
        {
            var of = await people.GetSeenAsync(connection, actor, member);
            var memberships = await _memberships.ListOfAsync(connection, of.Id);
            var teams = (await people.ListAsync(connection, new IdSet(memberships.Select(one => one.Team)))).ToDictionary(team => team.Id);
            return [.. memberships.Where(one => PersonRights.View.Allows(actor, teams[one.Team])).Select(one => (teams[one.Team], one))];
        },
        cancellationToken);
}

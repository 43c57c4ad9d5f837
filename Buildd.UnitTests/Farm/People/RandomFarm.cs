using Buildd.Farm;
using Buildd.Farm.People;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using Buildd.UnitTests.Farm.Store;
using Buildd.UnitTests.Testing;
using Dapper;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.People;

/// <summary>
/// A farm made at random: people in all states, teams in teams, public and private ones, roles, memberships that have ended. It has its own
/// idea of who is in what, against which rights are held. What people own is added by tests of that: they take owners from
/// <see cref="RandomOwner"/>, and compare by <see cref="AssertRightAsync"/>.
/// </summary>
internal sealed class RandomFarm
{
    private const int PeopleCount = 7;
    private const int TeamCount = 6;
    private const int MembershipCount = 18;

    private readonly FarmStore _store;
    private readonly List<Person> _all = [];
    private readonly Dictionary<(long Team, long Member), MembershipState> _memberships = [];

    private RandomFarm(Random random, FarmStore store) => (Random, _store, Records) = (random, store, new FarmRecords(store));

    internal Random Random { get; }

    internal FarmRecords Records { get; }

    /// <summary>All people and teams.</summary>
    internal IReadOnlyList<Person> All => _all;

    /// <summary>Those who may ask: nobody in particular, the machine, and each active person at each level.</summary>
    internal IReadOnlyList<Asker> Askers { get; private set; } = [];

    /// <summary>Makes one. The clock is beyond the end of what ends when it returns.</summary>
    internal static async Task<RandomFarm> MakeAsync(Random random, EngineBench bench)
    {
        var time = new FixedTime(new DateTimeOffset(2026, 11, 30, 12, 0, 0, TimeSpan.Zero));
        var farm = new RandomFarm(random, bench.OpenStore(time));
        await farm.AddPeopleAsync();
        await farm.AddTeamsAsync();
        var ended = await farm.AddMembershipsAsync(time.GetUtcNow().AddDays(1));
        time.Advance(TimeSpan.FromDays(2));
        foreach (var one in ended)
            farm._memberships.Remove(one);
        await farm.MakeAskersAsync();
        return farm;
    }

    /// <summary>Somebody who may own something: a person or a team.</summary>
    internal Person RandomOwner() => _all[Random.Next(_all.Count)];

    /// <summary>Whether somebody is in a group, as a person or through teams.</summary>
    internal bool IsIn(long? who, long? group) => who is not null && group is not null
        && (who == group || _memberships.Keys.Any(one => one.Team == group && IsIn(who, one.Member)));

    /// <summary>Whether who asks is in a group; the machine's administrator counts as in all.</summary>
    internal bool IsIn(Asker asker, long? group) => group is not null && (asker.IsLocal || IsIn(asker.Person?.Id, group));

    /// <summary>Whether who asks has a role; administrators have all.</summary>
    internal bool Has(Asker asker, Role role) =>
        asker.IsLocal || IsIn(asker.Person?.Id, (long)Role.Administrator) || IsIn(asker.Person?.Id, (long)role);

    /// <summary>Whether who asks sees a person or team.</summary>
    internal bool Sees(Asker asker, Person person) => !person.IsPrivate
        || (asker.SeesPrivate && (IsIn(asker, person.Id) || IsIn(asker, person.Owner) || Has(asker, Role.Administrator)));

    /// <summary>Whether who asks changes what is said of a person or team.</summary>
    internal bool Edits(Asker asker, Person person) => asker.MayChange && Sees(asker, person)
        && (asker.Person?.Id == person.Id || IsIn(asker, person.Owner) || Has(asker, Role.Administrator)
            || _memberships.Any(one => one.Key.Team == person.Id && one.Value == MembershipState.Administrator
                && IsIn(asker.Person?.Id, one.Key.Member)));

    /// <summary>Whether a membership counts.</summary>
    internal bool IsMember(long team, long member) => _memberships.ContainsKey((team, member));

    /// <summary>
    /// Asserts of a right, for each who may ask, that the check allows exactly the things that the test's own idea does, and that the
    /// condition finds exactly these.
    /// </summary>
    /// <param name="right">The right.</param>
    /// <param name="table">The table that has the things.</param>
    /// <param name="things">All that there are.</param>
    /// <param name="id">The number of a thing.</param>
    /// <param name="expected">The test's own idea.</param>
    /// <returns>How often it was allowed.</returns>
    internal async Task<int> AssertRightAsync<T>(
        Right<T> right, string table, IReadOnlyList<T> things, Func<T, long> id, Func<Asker, T, bool> expected)
    {
        var count = 0;
        foreach (var asker in Askers)
        {
            var wanted = things.Where(thing => expected(asker, thing)).Select(id).Order().ToList();
            var allowed = things.Where(thing => right.Allows(asker.Actor, thing)).Select(id).Order();
            Sql query = $"SELECT id FROM {Sql.Known(table)} WHERE {right.For(asker.Actor)} ORDER BY id";
            var (text, parameters) = query.For(_store.Dialect);
            var found = await _store.ReadAsync(connection => connection.QueryAsync<long>(text, parameters), default);
            Assert.That(allowed, Is.EqualTo(wanted), $"the check of who may {right.Doing}: {asker}");
            Assert.That(found, Is.EqualTo(wanted), $"the query of who may {right.Doing}: {asker}");
            count += wanted.Count;
        }

        return count;
    }

    private T Pick<T>(params ReadOnlySpan<T> all) => all[Random.Next(all.Length)];

    private async Task AddPeopleAsync()
    {
        foreach (var role in Enum.GetValues<Role>())
            _all.Add(await Records.People.GetAsync(EngineBench.Local, role.ToName(), default));
        for (var i = 0; i < PeopleCount; i++)
        {
            var person = await Records.AddPersonAsync($"person{i}");
            if (i >= PeopleCount - 2)
            {
                var state = Random.Next(2) == 0 ? AccountState.Suspended : AccountState.Deactivated;
                person = await Records.People.ChangeAsync(EngineBench.Local, person.Name, one => one with { State = state }, default);
            }

            _all.Add(person);
        }
    }

    private async Task AddTeamsAsync()
    {
        for (var i = 0; i < TeamCount; i++)
        {
            var owner = RandomOwner();
            var team = await Records.AddTeamAsync($"team{i}", owner, isPrivate: Random.Next(2) == 0);
            _all.Add(team);
            _memberships[(team.Id, owner.Id)] = MembershipState.Administrator;
            if (Random.Next(4) == 0)
            {
                var other = RandomOwner();
                _all[^1] = await Records.People.ChangeAsync(EngineBench.Local, team.Name, one => one with { Owner = other.Id }, default);
            }
        }
    }

    /// <returns>Those that end.</returns>
    private async Task<List<(long, long)>> AddMembershipsAsync(DateTimeOffset end)
    {
        var ending = new List<(long, long)>();
        var rows = _memberships.Keys.ToHashSet();
        for (var i = 0; i < MembershipCount; i++)
        {
            var team = Pick<Person>([.. _all.Where(one => one.IsTeam)]);
            var member = RandomOwner();
            var state = Pick(
                MembershipState.Approved, MembershipState.Approved, MembershipState.Administrator, MembershipState.Deactivated);
            var ends = Random.Next(4) == 0 && state != MembershipState.Deactivated;
            var isRefused = state == MembershipState.Deactivated ? !rows.Contains((team.Id, member.Id)) : IsIn(team.Id, member.Id);
            try
            {
                await Records.Teams.SetAsync(EngineBench.Local, team.Name, member.Name, state, ends ? end : null, default);
                Assert.That(isRefused, Is.False, $"{member.Name} in {team.Name} as {state}");
            }
            catch (FarmException e) when (isRefused && e.ExitCode is FarmExitCode.Failed or FarmExitCode.NotFound)
            {
                continue;
            }

            rows.Add((team.Id, member.Id));
            ending.Remove((team.Id, member.Id));
            if (state == MembershipState.Deactivated)
                _memberships.Remove((team.Id, member.Id));
            else
                _memberships[(team.Id, member.Id)] = state;
            if (ends)
                ending.Add((team.Id, member.Id));
        }

        return ending;
    }

    private async Task MakeAskersAsync()
    {
        var askers = new List<Asker> { new(EngineBench.Local, null), new(Actor.Anonymous("test"), null) };
        foreach (var person in _all.Where(one => !one.IsTeam))
        {
            if (person.State != AccountState.Active)
            {
                Assert.That(() => Records.Actors.FindAsync(person.Name, "test", default), Throws.TypeOf<FarmException>());
                continue;
            }

            var actor = await Records.Actors.FindAsync(person.Name, "test", default);
            askers.AddRange(Enum.GetValues<AccessLevel>().Select(level => new Asker(actor with { Level = level }, person)));
        }

        Askers = askers;
    }
}

/// <summary>Somebody who may ask, as the tests see it.</summary>
/// <param name="Actor">What the program makes of them.</param>
/// <param name="Person">The person; null for nobody in particular and for the machine's administrator.</param>
internal sealed record Asker(Actor Actor, Person? Person)
{
    internal bool IsLocal => Person is null && Actor.IsLocal;

    internal bool MayChange => IsLocal || (Person is not null && Actor.Level is AccessLevel.WritePublic or AccessLevel.WritePrivate);

    internal bool SeesPrivate => IsLocal || (Person is not null && Actor.Level is AccessLevel.ReadPrivate or AccessLevel.WritePrivate);

    public override string ToString() => $"{Actor.Name} with {Actor.Level.ToName()}";
}

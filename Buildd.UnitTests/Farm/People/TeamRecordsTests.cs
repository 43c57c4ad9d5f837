using Buildd.Farm;
using Buildd.Farm.People;
using Buildd.Farm.Rights;
using Buildd.UnitTests.Farm.Store;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.People;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.Postgresql)]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class TeamRecordsTests(Engine engine) : IAsyncDisposable
{
    private readonly EngineBench _bench = new(engine);
    private readonly FixedTime _time = new(new DateTimeOffset(2026, 11, 30, 12, 0, 0, TimeSpan.Zero));

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Test]
    public async Task A_membership_is_over_at_its_end_and_counts_again_when_it_is_renewed()
    {
        var records = _bench.Open(_time);
        var ada = await records.AddPersonAsync("ada");
        await records.AddPersonAsync("bob");
        var team = await records.AddTeamAsync("team", ada);
        await SetAsync(_time.GetUtcNow().AddDays(1));

        Assert.That(await IsInAsync(), Is.True);
        _time.Advance(TimeSpan.FromDays(1) - TimeSpan.FromTicks(1));
        Assert.That(await IsInAsync(), Is.True);
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.That(await IsInAsync(), Is.False);
        await SetAsync(expires: null);
        Assert.That(await IsInAsync(), Is.True);

        async Task<bool> IsInAsync() => (await records.Actors.FindAsync("bob", "test", default)).IsIn(team.Id);

        Task SetAsync(DateTimeOffset? expires) =>
            records.Teams.SetAsync(EngineBench.Local, "team", "bob", MembershipState.Approved, expires, default);
    }

    [Test]
    public async Task Nobody_joins_until_a_time_that_is_over()
    {
        var records = _bench.Open(_time);
        await records.AddTeamAsync("team", await records.AddPersonAsync("ada"));

        Assert.That(
            () => records.Teams.SetAsync(EngineBench.Local, "team", "ada", MembershipState.Approved, _time.GetUtcNow(), default),
            Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.Usage));
    }

    [Test]
    public async Task A_circle_of_two_teams_is_not_made_by_two_stores_at_once_either()
    {
        var stores = new[] { _bench.Open(), _bench.Open() };
        var ada = await stores[0].AddPersonAsync("ada");
        for (var i = 0; i < 5; i++)
        {
            await stores[0].AddTeamAsync($"left{i}", ada);
            await stores[0].AddTeamAsync($"right{i}", ada);

            // Without the search for circles inside of the transaction both would be done.
            var done = await Task.WhenAll(
                TryJoinAsync(stores[0], $"left{i}", $"right{i}"), TryJoinAsync(stores[1], $"right{i}", $"left{i}"));

            Assert.That(done.Order(), Is.EqualTo(new[] { "done", "refused" }));
        }

        // an actor can be made all the same, which a circle might keep from ending
        Assert.That((await stores[0].Actors.FindAsync("ada", "test", default)).Groups.Values, Has.Count.EqualTo(11));

        static async Task<string> TryJoinAsync(FarmRecords records, string team, string member)
        {
            try
            {
                await records.JoinAsync(team, member);
                return "done";
            }
            catch (FarmException e) when (e.Message.Contains("can't be in", StringComparison.Ordinal))
            {
                return "refused";
            }
        }
    }

    [Test]
    public async Task A_circle_of_three_teams_and_a_team_in_itself_are_refused()
    {
        var records = _bench.Open();
        var ada = await records.AddPersonAsync("ada");
        foreach (var name in (string[])["one", "two", "three"])
            await records.AddTeamAsync(name, ada);
        await records.JoinAsync("one", "two");
        await records.JoinAsync("two", "three");

        Assert.That(() => records.JoinAsync("three", "one"), Throws.TypeOf<FarmException>());
        Assert.That(() => records.JoinAsync("one", "one"), Throws.TypeOf<FarmException>());
        Assert.That(() => records.JoinAsync("ada", "one"), Throws.TypeOf<FarmException>().With.Message.Contains("only teams have members"));
    }

    [Test]
    public async Task A_member_leaves_by_themselves_and_brings_nobody_in()
    {
        var records = _bench.Open();
        var owner = await records.AddPersonAsync("ada");
        await records.AddPersonAsync("bob");
        await records.AddPersonAsync("carl");
        await records.AddTeamAsync("team", owner);
        await records.JoinAsync("team", "bob");
        var bob = await records.Actors.FindAsync("bob", "test", default);

        Assert.That(
            () => records.Teams.SetAsync(bob, "team", "carl", MembershipState.Approved, expires: null, default),
            Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.NotAllowed));
        Assert.That(
            () => records.Teams.SetAsync(
                bob with { Level = AccessLevel.ReadPrivate }, "team", "bob", MembershipState.Deactivated, expires: null, default),
            Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.NotAllowed));
        await records.Teams.SetAsync(bob, "team", "bob", MembershipState.Deactivated, expires: null, default);
        Assert.That((await records.Actors.FindAsync("bob", "test", default)).Groups.Values, Has.Count.EqualTo(1));
        Assert.That(
            () => records.Teams.SetAsync(bob, "team", "bob", MembershipState.Approved, expires: null, default),
            Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.NotAllowed));
    }

    [Test]
    public async Task What_makes_no_sense_of_a_person_or_team_is_refused_with_a_sentence()
    {
        var records = _bench.Open();
        var ada = await records.AddPersonAsync("ada");
        await records.AddTeamAsync("team", ada);

        using (Assert.EnterMultipleScope())
        {
            Refuses("ada", person => person with { Owner = ada.Id });
            Refuses("ada", person => person with { IsPrivate = true });
            Refuses("ada", person => person with { IsTeam = true, Owner = ada.Id });
            Refuses("team", team => team with { Owner = null });
            Refuses("team", team => team with { State = AccountState.Suspended });
            Refuses("team", team => team with { Owner = 4711 }, FarmExitCode.NotFound);
            Assert.That(
                () => records.People.AddTeamAsync(EngineBench.Local, ada with { Id = 0, Name = "x2" }, default),
                Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.Usage));
        }

        void Refuses(string name, Func<Person, Person> change, int code = FarmExitCode.Usage) => Assert.That(
            () => records.People.ChangeAsync(EngineBench.Local, name, change, default),
            Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(code));
    }
}

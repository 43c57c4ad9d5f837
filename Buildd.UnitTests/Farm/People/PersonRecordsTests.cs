using Buildd.Farm;
using Buildd.Farm.Audit;
using Buildd.Farm.Rights;
using Buildd.UnitTests.Farm.Store;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.People;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.Postgresql)]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class PersonRecordsTests(Engine engine) : IAsyncDisposable
{
    private readonly EngineBench _bench = new(engine);

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Test]
    public async Task A_new_farm_has_the_teams_of_its_roles_and_nobody_else()
    {
        var people = await _bench.Open().People.ListAsync(EngineBench.Local, isTeam: null, after: null, 10, default);

        Assert.That(
            people.Select(person => (person.Id, person.Name, person.IsTeam)),
            Is.EquivalentTo(Enum.GetValues<Role>().Select(role => ((long)role, role.ToName(), true))));
    }

    [Test]
    public async Task A_person_who_was_added_is_found_and_acts()
    {
        var records = _bench.Open();

        var added = await records.AddPersonAsync("ada");

        var actor = await records.Actors.FindAsync("ada", "test", default);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(await records.People.FindAsync(actor, "ada", default), Is.EqualTo(added));
            Assert.That(actor.PersonId, Is.EqualTo(added.Id));
            Assert.That(actor.Groups.Values, Is.EquivalentTo(new[] { added.Id }));
        }
    }

    [Test]
    public async Task A_former_name_goes_on_to_mean_its_person()
    {
        var records = _bench.Open();
        var ada = await records.AddPersonAsync("ada");

        await records.People.ChangeAsync(EngineBench.Local, "ada", person => person with { Name = "lovelace" }, default);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((await records.People.GetAsync(EngineBench.Local, "ada", default)).Id, Is.EqualTo(ada.Id));
            Assert.That(
                async () => await records.AddPersonAsync("ada"),
                Throws.TypeOf<FarmException>().With.Message.Contains("a former name of lovelace"));
        }

        await records.People.ChangeAsync(EngineBench.Local, "ada", person => person with { Name = "ada" }, default);
        Assert.That((await records.People.GetAsync(EngineBench.Local, "lovelace", default)).Name, Is.EqualTo("ada"));
    }

    [TestCase("a")]
    [TestCase("Ada")]
    [TestCase("ada lovelace")]
    [TestCase("-ada")]
    [TestCase("../ada")]
    [TestCase("ada\n")]
    public void What_can_t_be_a_name_is_refused(string name) => Assert.That(
        async () => await _bench.Open().AddPersonAsync(name),
        Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.Usage));

    [Test]
    public async Task One_name_is_one_person_s_also_when_twenty_ask_at_once()
    {
        var stores = Enumerable.Range(0, 4).Select(_ => _bench.Open()).ToList();

        var added = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            try
            {
                await stores[i % stores.Count].AddPersonAsync("ada", $"ada{i}@example.org");
                return 1;
            }
            catch (FarmException)
            {
                return 0;
            }
        }));

        Assert.That(added.Sum(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_private_team_is_there_for_its_members_and_administrators_alone()
    {
        var records = _bench.Open();
        var ada = await records.AddPersonAsync("ada");
        await records.AddPersonAsync("bob");
        await records.AddPersonAsync("carl");
        await records.AddTeamAsync("secret", ada, isPrivate: true);
        await records.JoinAsync(Role.Administrator.ToName(), "carl");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(await NamesAsync("ada"), Does.Contain("secret"));
            Assert.That(await NamesAsync("bob"), Does.Not.Contain("secret"));
            Assert.That(await NamesAsync("carl"), Does.Contain("secret"));
        }

        async Task<IEnumerable<string>> NamesAsync(string who)
        {
            var actor = await records.Actors.FindAsync(who, "test", default);
            return (await records.People.ListAsync(actor, isTeam: true, after: null, 100, default)).Select(person => person.Name);
        }
    }

    [Test]
    public async Task Every_change_is_in_the_audit_with_who_made_it()
    {
        var records = _bench.Open();
        await records.AddPersonAsync("ada");
        var ada = await records.Actors.FindAsync("ada", "here", default);

        await records.People.ChangeAsync(ada, "ada", person => person with { DisplayName = "Ada" }, default);
        await records.People.ChangeAsync(ada, "ada", person => person, default);

        var entry = (await records.Audit.ListAsync(EngineBench.Local, new AuditFilter { Subject = "ada" }, default))[0];
        using (Assert.EnterMultipleScope())
        {
            Assert.That((entry.ActorName, entry.Origin, entry.Action, entry.Kind), Is.EqualTo(("ada", "here", "changed", "person")));
            Assert.That(entry.Changes, Is.EqualTo(new[] { new FieldChange("display_name", "\"ada\"", "\"Ada\"") }));
        }
    }
}

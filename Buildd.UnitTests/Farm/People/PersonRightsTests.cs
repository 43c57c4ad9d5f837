using Buildd.Farm;
using Buildd.Farm.People;
using Buildd.Farm.Rights;
using Buildd.UnitTests.Farm.Store;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.People;

/// <summary>
/// Who may do what to whom, as a table: <c>+</c> is done, <c>-</c> is refused, <c>.</c> is absent for them. Each cell is tried on a real
/// store.
/// </summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.Postgresql)]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(120_000)]
public sealed class PersonRightsTests(Engine engine) : IAsyncDisposable
{
    private const string OnAPerson =
        """
        who                  see edit rename state addresses add-address password new-token
        the-machine           +   +    +      +       +          +          +        +
        admin                 +   +    +      +       +          +          +        +
        max                   +   +    -      -       +          +          +        +
        owner                 +   -    -      -       -          -          -        -
        buildd-admin          +   -    -      -       -          -          -        -
        ppa-admin             +   -    -      -       -          -          -        -
        stranger              +   -    -      -       -          -          -        -
        anonymous             +   -    -      -       -          -          -        -
        max:READ_PUBLIC       +   -    -      -       -          -          -        -
        max:READ_PRIVATE      +   -    -      -       +          -          -        -
        max:WRITE_PUBLIC      +   +    -      -       -          -          -        -
        max:WRITE_PRIVATE     +   +    -      -       +          +          +        +
        admin:READ_PRIVATE    +   -    -      -       +          -          -        -
        admin:WRITE_PUBLIC    +   +    +      +       -          -          -        -
        """;

    private const string OnATeam =
        """
        who                  see edit rename private give join members
        the-machine           +   +    +       +      +    +     +
        admin                 +   +    +       +      +    +     +
        owner                 +   +    -       -      -    +     +
        team-admin            +   +    -       -      -    +     +
        max                   +   -    -       -      -    -     +
        expired-admin         +   -    -       -      -    -     +
        buildd-admin          +   -    -       -      -    -     +
        ppa-admin             +   -    -       -      -    -     +
        stranger              +   -    -       -      -    -     +
        anonymous             +   -    -       -      -    -     +
        owner:READ_PRIVATE    +   -    -       -      -    -     +
        owner:WRITE_PUBLIC    +   +    -       -      -    +     +
        """;

    private const string OnAPrivateTeam =
        """
        who                  see edit rename give join members
        the-machine           +   +    +      +    +     +
        admin                 +   +    +      +    +     +
        owner                 +   +    -      -    +     +
        team-admin            +   +    -      -    +     +
        max                   +   -    -      -    -     +
        expired-admin         .   .    .      .    .     .
        buildd-admin          .   .    .      .    .     .
        stranger              .   .    .      .    .     .
        anonymous             .   .    .      .    .     .
        owner:READ_PUBLIC     .   .    .      .    .     .
        owner:READ_PRIVATE    +   -    -      -    -     +
        owner:WRITE_PUBLIC    .   .    .      .    .     .
        admin:READ_PUBLIC     .   .    .      .    .     .
        """;

    private readonly EngineBench _bench = new(engine);

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [TestCase("max", OnAPerson, TestName = "Who_may_do_what_to_a_person")]
    [TestCase("team", OnATeam, TestName = "Who_may_do_what_to_a_team")]
    [TestCase("secret", OnAPrivateTeam, TestName = "Who_may_do_what_to_a_private_team")]
    public async Task Who_may_do_what(string thing, string table)
    {
        var records = await MakeCastAsync();
        var lines = table.Split('\n', StringSplitOptions.TrimEntries);
        var operations = lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..];

        using (Assert.EnterMultipleScope())
        {
            foreach (var line in lines[1..])
            {
                var row = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                for (var i = 0; i < operations.Length; i++)
                {
                    var outcome = await TryAsync(records, row[0], operations[i], thing);
                    Assert.That(outcome, Is.EqualTo(row[i + 1]), $"{row[0]}: {operations[i]} {thing}");
                }
            }
        }
    }

    [Test]
    public async Task People_make_teams_for_themselves_and_for_teams_that_they_are_in()
    {
        var records = await MakeCastAsync();
        var (max, team) = (await GetAsync("max"), await GetAsync("team"));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(await AddAsync("max", max), Is.EqualTo("+"));
            Assert.That(await AddAsync("max", team), Is.EqualTo("+"));
            Assert.That(await AddAsync("stranger", team), Is.EqualTo("-"));
            Assert.That(await AddAsync("stranger", max), Is.EqualTo("-"));
            Assert.That(await AddAsync("anonymous", max), Is.EqualTo("-"));
            Assert.That(await AddAsync("max:READ_PRIVATE", max), Is.EqualTo("-"));
            Assert.That(await AddAsync("admin", max), Is.EqualTo("+"));
        }

        Task<Person> GetAsync(string name) => records.People.GetAsync(EngineBench.Local, name, default);

        async Task<string> AddAsync(string who, Person owner)
        {
            var actor = await ActorAsync(records, who);
            var made = NewPerson() with { IsTeam = true, Owner = owner.Id };
            return await OutcomeAsync(() => records.People.AddTeamAsync(actor, made, default));
        }
    }

    [TestCase("admin", "+")]
    [TestCase("the-machine", "+")]
    [TestCase("max", "-")]
    [TestCase("buildd-admin", "-")]
    [TestCase("anonymous", "-")]
    [TestCase("admin:READ_PRIVATE", "-")]
    public async Task Administrators_alone_add_people_and_change_settings(string who, string expected)
    {
        var records = await MakeCastAsync();
        var actor = await ActorAsync(records, who);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                await OutcomeAsync(() => records.People.AddAsync(actor, NewPerson(), "new@example.org", default)),
                Is.EqualTo(expected));
            Assert.That(
                await OutcomeAsync(() => records.Settings.SetAsync(
                    actor, Buildd.Farm.Settings.KnownSettings.AllowNewLiveFilesystems, "yes", default)),
                Is.EqualTo(expected));
            Assert.That(
                await OutcomeAsync(() => records.Audit.ListAsync(actor, new Buildd.Farm.Audit.AuditFilter(), default)),
                Is.EqualTo(who == "admin:READ_PRIVATE" ? "+" : expected));
        }
    }

    private async Task<FarmRecords> MakeCastAsync()
    {
        var records = _bench.Open();
        var owner = await records.AddPersonAsync("owner");
        foreach (var name in (string[])["max", "team-admin", "expired-admin", "admin", "buildd-admin", "ppa-admin", "stranger"])
            await records.AddPersonAsync(name);
        foreach (var team in (string[])["team", "secret"])
        {
            await records.AddTeamAsync(team, owner, isPrivate: team == "secret");
            await records.JoinAsync(team, "max");
            await records.JoinAsync(team, "team-admin", MembershipState.Administrator);
            await records.JoinAsync(team, "expired-admin", MembershipState.Administrator);
            await records.JoinAsync(team, "expired-admin", MembershipState.Deactivated);
        }

        await records.JoinAsync(Role.Administrator.ToName(), "admin");
        await records.JoinAsync(Role.BuildFarmAdministrator.ToName(), "buildd-admin");
        await records.JoinAsync(Role.ArchiveAdministrator.ToName(), "ppa-admin");
        return records;
    }

    private static async Task<Actor> ActorAsync(FarmRecords records, string who)
    {
        if (who == "the-machine")
            return EngineBench.Local;
        if (who == "anonymous")
            return Actor.Anonymous("test");
        var actor = await records.Actors.FindAsync(who.Split(':')[0], "test", default);
        return who.Split(':') is [_, var level] ? actor with { Level = AccessLevelNames.Parse(level)!.Value } : actor;
    }

    private static async Task<string> TryAsync(FarmRecords records, string who, string operation, string thing)
    {
        var actor = await ActorAsync(records, who);
        return operation switch
        {
            "see" => await OutcomeAsync(() => records.People.GetAsync(actor, thing, default)),
            "edit" => await ChangeAsync(person => person with { DisplayName = NewName() }),
            "rename" => await ChangeAsync(person => person with { Name = NewName() }),
            "state" => await ChangeAsync(person => person with { State = AccountState.Suspended }),
            "private" => await ChangeAsync(person => person with { IsPrivate = !person.IsPrivate }),
            "give" => await ChangeAsync(person => person with { Owner = (long)Role.BuildFarmAdministrator }),
            "addresses" => await OutcomeAsync(() => records.Addresses.ListAsync(actor, thing, default)),
            "add-address" => await OutcomeAsync(() => records.Addresses.AddAsync(actor, thing, $"{NewName()}@example.org", default)),
            "password" => await OutcomeAsync(() => records.Passwords.SetAsync(actor, thing, "long enough for all", default)),
            "new-token" => await OutcomeAsync(() => records.Tokens.AddAsync(actor, thing, "x", AccessLevel.ReadPublic, null, default)),
            "join" => await OutcomeAsync(() => records.Teams.SetAsync(actor, thing, "ppa-admins", MembershipState.Approved, null, default)),
            "members" => await OutcomeAsync(() => records.Teams.ListAsync(actor, thing, default)),
            _ => throw new ArgumentException(operation),
        };

        // What an administrator has changed is as it was for the next one.
        async Task<string> ChangeAsync(Func<Person, Person> change)
        {
            var before = await records.People.GetAsync(EngineBench.Local, thing, default);
            var outcome = await OutcomeAsync(() => records.People.ChangeAsync(actor, thing, change, default));
            await records.People.ChangeAsync(EngineBench.Local, thing, person => before with { DisplayName = person.DisplayName }, default);
            return outcome;
        }
    }

    private static Person NewPerson() => new() { Name = NewName(), DisplayName = "x", Created = DateTimeOffset.UnixEpoch };

    private static string NewName() => "n" + Guid.NewGuid().ToString("N");

    private static async Task<string> OutcomeAsync(Func<Task> ask)
    {
        try
        {
            await ask();
            return "+";
        }
        catch (FarmException e) when (e.ExitCode == FarmExitCode.NotAllowed)
        {
            return "-";
        }
        catch (FarmException e) when (e.ExitCode == FarmExitCode.NotFound)
        {
            return ".";
        }
    }
}

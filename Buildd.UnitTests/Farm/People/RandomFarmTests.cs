using Buildd.Farm.People;
using Buildd.Farm.Rights;
using Buildd.Testing.Runs;
using Buildd.UnitTests.Farm.Store;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.People;

/// <summary>In any farm, listings have exactly what the rights allow, and the rights allow what the tests' own idea of them does.</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.Postgresql)]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(3_600_000)]
public sealed class RandomFarmTests(Engine engine)
{
    [Test]
    [Category(LongRun.Category)]
    public async Task Listings_of_people_teams_and_tokens_show_what_the_rights_allow()
    {
        using var run = LongRun.Begin($"rights of farms on {engine}", sample: 3, full: 40);
        foreach (var round in run.EachRound())
        {
            await using var bench = new EngineBench(engine);
            var farm = await RandomFarm.MakeAsync(run.Random, bench);
            var tokens = await AddTokensAsync(farm);

            run.Count("seen", await farm.AssertRightAsync(PersonRights.View, "person", farm.All, person => person.Id, farm.Sees));
            run.Count("edited", await farm.AssertRightAsync(PersonRights.Edit, "person", farm.All, person => person.Id, farm.Edits));
            await farm.AssertRightAsync(
                PersonRights.Administer,
                "person",
                farm.All,
                person => person.Id,
                (asker, person) => asker.MayChange && farm.Sees(asker, person) && farm.Has(asker, Role.Administrator));
            await farm.AssertRightAsync(PersonRights.ViewPrivate, "person", farm.All, person => person.Id, IsPrivateOpen);
            await farm.AssertRightAsync(
                PersonRights.EditPrivate,
                "person",
                farm.All,
                person => person.Id,
                (asker, person) => asker.MayChange && IsPrivateOpen(asker, person));
            await farm.AssertRightAsync(TokenRights.View, "token", tokens, token => token.Id, IsTokenOpen);
            await farm.AssertRightAsync(
                TokenRights.Revoke, "token", tokens, token => token.Id, (asker, token) => asker.MayChange && IsTokenOpen(asker, token));
            foreach (var asker in farm.Askers)
                await AssertListingsAsync(farm, tokens, asker);

            bool IsPrivateOpen(Asker asker, Person person) =>
                asker.SeesPrivate && (asker.Person?.Id == person.Id || farm.Has(asker, Role.Administrator));

            bool IsTokenOpen(Asker asker, Token token) =>
                asker.SeesPrivate && (asker.Person?.Id == token.Person || farm.Has(asker, Role.Administrator));
        }
    }

    private static async Task AssertListingsAsync(RandomFarm farm, IReadOnlyList<Token> tokens, Asker asker)
    {
        foreach (var isTeam in (bool?[])[null, true, false])
        {
            var listed = await farm.Records.People.ListAsync(asker.Actor, isTeam, after: null, 1000, default);
            Assert.That(
                listed.Select(person => person.Name),
                Is.EqualTo(farm.All.Where(one => (isTeam is null || one.IsTeam == isTeam) && farm.Sees(asker, one))
                    .Select(one => one.Name).Order(StringComparer.Ordinal)),
                $"people: {asker}");
        }

        Assert.That(
            (await farm.Records.Tokens.ListAsync(asker.Actor, name: null, default)).Select(one => one.Token.Id),
            Is.EquivalentTo(tokens.Where(token => TokenRights.View.Allows(asker.Actor, token)).Select(token => token.Id)));
        foreach (var one in farm.All)
        {
            Assert.That(
                await farm.Records.People.FindAsync(asker.Actor, one.Name, default) is not null, Is.EqualTo(farm.Sees(asker, one)));
            if (!farm.Sees(asker, one))
                continue;
            var teams = await farm.Records.Teams.ListOfAsync(asker.Actor, one.Name, default);
            Assert.That(
                teams.Where(team => farm.IsMember(team.Team.Id, one.Id)).Select(team => team.Team.Id),
                Is.EquivalentTo(farm.All.Where(team => farm.IsMember(team.Id, one.Id) && farm.Sees(asker, team)).Select(team => team.Id)),
                $"teams of {one.Name}: {asker}");
            Assert.That(teams.All(team => farm.Sees(asker, team.Team)));
            if (!one.IsTeam)
                continue;
            var members = await farm.Records.Teams.ListAsync(asker.Actor, one.Name, default);
            Assert.That(
                members.Where(member => farm.IsMember(one.Id, member.Member.Id)).Select(member => member.Member.Id),
                Is.EquivalentTo(
                    farm.All.Where(member => farm.IsMember(one.Id, member.Id) && farm.Sees(asker, member)).Select(member => member.Id)),
                $"members of {one.Name}: {asker}");
            Assert.That(members.All(member => farm.Sees(asker, member.Member)));
        }
    }

    private static async Task<IReadOnlyList<Token>> AddTokensAsync(RandomFarm farm)
    {
        var tokens = new List<Token>();
        foreach (var person in farm.All.Where(one => one is { IsTeam: false, State: AccountState.Active }))
        {
            var level = (AccessLevel)farm.Random.Next((int)AccessLevel.ReadPublic, (int)AccessLevel.WritePrivate + 1);
            var made = await farm.Records.Tokens.AddAsync(EngineBench.Local, person.Name, "a script", level, expires: null, default);
            tokens.Add(made.Token);
            var asks = (await farm.Records.Tokens.AuthenticateAsync("a script", made.Token.Key, made.Secret, "test", default)).Actor!;
            Assert.That((asks.PersonId, asks.Level), Is.EqualTo(((long?)person.Id, level)));
            Assert.That(
                farm.All.Where(one => asks.Groups.Contains(one.Id)).Select(one => one.Id),
                Is.EquivalentTo(farm.All.Where(one => farm.IsIn(person.Id, one.Id)).Select(one => one.Id)));
        }

        return tokens;
    }
}

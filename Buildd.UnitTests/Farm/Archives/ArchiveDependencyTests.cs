using Buildd.Farm;
using Buildd.Farm.Archives;
using Buildd.Farm.Audit;
using Buildd.Farm.People;
using Buildd.UnitTests.Farm.Distributions;
using Buildd.UnitTests.Farm.People;
using Buildd.UnitTests.Farm.Store;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Archives;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.Postgresql)]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class ArchiveDependencyTests(Engine engine) : IAsyncDisposable
{
    private const string Tools = "~open/debian/tools";
    private const string Libraries = "~open/debian/libraries";
    private const string Hidden = "~open/debian/hidden";
    private const string Own = "~secret/debian/own";

    private readonly EngineBench _bench = new(engine);
    private ArchiveCast _cast = null!;

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [SetUp]
    public async Task SetUpAsync()
    {
        _cast = await ArchiveCast.CreateAsync(_bench.Open());
        await _cast.AddAsync(
            "owner",
            Archive.PrimaryName,
            ArchivePurpose.Primary,
            archive => archive with { Url = "http://deb.example/debian", Components = ["main", "contrib"] });
        await _cast.AddAsync("open", "tools", change: archive => archive with { Url = "http://tools.example/" });
        await _cast.AddAsync("open", "libraries", change: archive => archive with { Url = "http://libraries.example/" });
        await _cast.AddAsync("open", "hidden", change: archive => archive with { IsPrivate = true, Url = "http://hidden.example/" });
        await _cast.AddAsync("secret", "own", change: archive => archive with { Url = "http://own.example/" });
    }

    [Test]
    public async Task What_an_archive_depends_on_is_listed_in_order_and_goes_into_its_lines()
    {
        await AddAsync(Tools, "debian", Pocket.Security, "main");
        await AddAsync(Tools, Libraries);

        var all = await _cast.Records.ArchiveDependencies.ListAsync(_cast.Actors["stranger"], Tools, default);
        Assert.That(
            all.Select(one => (one.Archive.Name, one.How.Pocket, one.How.Component)),
            Is.EqualTo(new[] { ("debian", Pocket.Security, "main"), (Libraries, Pocket.Release, (string?)null) }));
        Assert.That(await LinesAsync("stranger", Tools), Is.EqualTo(new[]
        {
            "deb http://tools.example/ bookworm main",
            "deb http://libraries.example/ bookworm main",
            "deb http://deb.example/debian bookworm main",
            "deb http://deb.example/debian bookworm-security main",
        }));

        await _cast.Records.ArchiveDependencies.RemoveAsync(_cast.Actors["member"], Tools, "debian", default);
        Assert.That((await LinesAsync("stranger", Tools))[^1], Is.EqualTo("deb http://deb.example/debian bookworm-updates main contrib"));
        Assert.That(
            async () => await _cast.Records.ArchiveDependencies.RemoveAsync(_cast.Actors["member"], Tools, "debian", default),
            Throws.TypeOf<FarmException>().With.Message.EqualTo($"{Tools} does not depend on debian"));
    }

    [Test]
    public async Task Archives_may_depend_on_each_other_and_go_no_further()
    {
        await AddAsync(Tools, Libraries);
        await AddAsync(Libraries, Tools);
        await AddAsync(Libraries, "debian", Pocket.Proposed);

        Assert.That((await LinesAsync("stranger", Tools)).Count(line => line.Contains("proposed", StringComparison.Ordinal)), Is.Zero);
    }

    [Test]
    public async Task An_archive_that_everybody_sees_depends_on_no_private_one()
    {
        foreach (var dependency in (string[])[Hidden, Own])
        {
            Assert.That(
                async () => await AddAsync(Tools, dependency),
                Throws.TypeOf<FarmException>().With.Message.EqualTo(
                    $"{Tools} is not private, so that it can't depend on a private archive"));
        }

        await AddAsync(Hidden, Tools);
        await AddAsync(Tools, Libraries);
        Assert.That(
            async () => await SetPrivateAsync(Libraries, true), Throws.TypeOf<FarmException>().With.Message.Contains("depend on"));
        await SetPrivateAsync(Tools, true);
        await SetPrivateAsync(Libraries, true);
        await AddAsync(Hidden, Libraries);
        Assert.That(
            async () => await SetPrivateAsync(Hidden, false), Throws.TypeOf<FarmException>().With.Message.Contains("is not private"));
    }

    /// <summary>
    /// Each change is checked within its own transaction, which excludes the other's; checked before it, both would go through.
    /// </summary>
    [Test]
    public async Task Two_who_change_at_once_don_t_break_that_together()
    {
        var other = _bench.Open();
        for (var i = 0; i < 5; i++)
        {
            var (user, used) = ($"~open/debian/user{i}", $"~open/debian/used{i}");
            await _cast.AddAsync("open", $"user{i}");
            await _cast.AddAsync("open", $"used{i}");

            var done = await Task.WhenAll(
                TryAsync(() => AddAsync(user, used)),
                TryAsync(() => other.Archives.ChangeAsync(EngineBench.Local, used, one => one with { IsPrivate = true }, default)));

            Assert.That(done.Count(isDone => isDone), Is.EqualTo(1));
        }

        static async Task<bool> TryAsync(Func<Task> change)
        {
            try
            {
                await change();
                return true;
            }
            catch (FarmException)
            {
                return false;
            }
        }
    }

    [Test]
    public async Task A_private_archive_depends_on_what_its_own_owner_sees_whoever_asks()
    {
        await AddAsync(Own, Hidden, by: "member", fails: true); // secret is not in open
        Assert.That(
            async () => await AddAsync(Own, Hidden, by: "admin"),
            Throws.TypeOf<FarmException>().With.Message.EqualTo($"{Own} depends on a private archive that its owner does not see"));

        await _cast.Records.JoinAsync("open", "secret");
        await AddAsync(Own, Hidden, by: "admin");

        Assert.That((await LinesAsync("member", Own))[1], Is.EqualTo("deb http://hidden.example/ bookworm main"));
        await _cast.Records.JoinAsync("open", "secret", MembershipState.Deactivated);
        Assert.That(async () => await LinesAsync("member", Own), Throws.TypeOf<FarmException>());
    }

    [Test]
    public async Task A_build_gets_nothing_of_what_became_private_and_strangers_are_told_nothing()
    {
        await _cast.AddAsync("owner", "user", change: archive => archive with { Url = "http://user.example/" });
        await AddAsync("~owner/debian/user", Tools, by: "owner");
        await _cast.Records.People.ChangeAsync(EngineBench.Local, "open", team => team with { IsPrivate = true }, default);
        var id = (await _cast.Records.Archives.GetAsync(EngineBench.Local, "~owner/debian/user", default)).Archive.Id;

        Assert.That(
            async () => await _cast.Records.AptLines.ForBuildAsync(id, new AptTarget("bookworm"), _ => null, default),
            Throws.TypeOf<FarmException>());
        Assert.That(await LinesAsync("stranger", "~owner/debian/user"), Has.None.Contain("tools"));
        Assert.That(
            await _cast.Records.ArchiveDependencies.ListAsync(_cast.Actors["stranger"], "~owner/debian/user", default), Is.Empty);
    }

    [Test]
    public async Task A_build_gets_credentials_and_people_never_see_them()
    {
        await AddAsync(Own, Tools, by: "member");
        var id = (await _cast.Records.Archives.GetAsync(EngineBench.Local, Own, default)).Archive.Id;

        var lines = await _cast.Records.AptLines.ForBuildAsync(
            id, new AptTarget("stable"), _ => new ArchiveCredentials("build", "planted"), default);

        Assert.That(lines.Where(line => line.HasCredentials).Select(line => line.Text), Is.EqualTo(
            new[] { "deb http://build:planted@own.example/ bookworm main" }));
        Assert.That(lines.Select(line => line.ToString()), Is.EqualTo(await LinesAsync("member", Own)).And.None.Contain("planted"));
    }

    [TestCase("stranger", FarmExitCode.NotAllowed)]
    [TestCase("buildd-admin", FarmExitCode.NotAllowed)]
    [TestCase("anonymous", FarmExitCode.NotAllowed)]
    [TestCase("member's reading token", FarmExitCode.NotAllowed)]
    [TestCase("owner", FarmExitCode.Done)]
    [TestCase("member", FarmExitCode.Done)]
    [TestCase("ppa-admin", FarmExitCode.Done)]
    [TestCase("machine", FarmExitCode.Done)]
    public async Task Who_may_edit_an_archive_says_what_it_depends_on(string who, int code)
    {
        foreach (var change in (Func<Task>[])
            [() => AddAsync(Tools, Libraries, by: who),
                () => _cast.Records.ArchiveDependencies.RemoveAsync(_cast.Actors[who], Tools, Libraries, default)])
        {
            if (code == FarmExitCode.Done)
                await change();
            else
                Assert.That(
                    async () => await change(),
                    Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(code));
        }
    }

    [Test]
    public async Task A_dependency_that_is_not_seen_is_not_there()
    {
        await _cast.AddAsync("stranger", "mine");

        foreach (var dependency in (string[])[Hidden, Own, "~open/debian/none"])
        {
            Assert.That(
                async () => await AddAsync("~stranger/debian/mine", dependency, by: "stranger"),
                Throws.TypeOf<FarmException>().With.Message.EqualTo($"there is no archive \"{dependency}\""));
        }
    }

    [Test]
    public async Task What_makes_no_sense_is_refused()
    {
        var other = await _cast.Records.Distributions.AddAsync(EngineBench.Local, DistributionCast.New("ubuntu"), default);
        await _cast.AddAsync("open", "elsewhere", change: archive => archive with { Distribution = other.Id });

        foreach (var (dependency, pocket, component) in ((string, Pocket, string?)[])
            [
                (Tools, Pocket.Release, null), (Libraries, Pocket.Updates, null), (Libraries, Pocket.Release, "universe"),
                ("~open/ubuntu/elsewhere", Pocket.Release, null), ("no reference", Pocket.Release, null),
                ("debian", Pocket.Release, "ma\0in"),
            ])
        {
            Assert.That(
                async () => await AddAsync(Tools, dependency, pocket, component),
                Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.Usage),
                dependency);
        }

        await AddAsync(Tools, "debian");
        Assert.That(
            async () => await AddAsync(Tools, "deb", Pocket.Updates),
            Throws.TypeOf<FarmException>().With.Message.EqualTo($"{Tools} depends on debian already"));
        Assert.That(
            async () => await _cast.Records.AptLines.ListAsync(EngineBench.Local, Tools, new AptTarget("none"), default),
            Throws.TypeOf<FarmException>().With.Message.EqualTo("there is no series called \"none\" in debian"));
    }

    [Test]
    public async Task Changes_are_in_the_audit()
    {
        await AddAsync(Tools, Libraries);
        await _cast.Records.ArchiveDependencies.RemoveAsync(_cast.Actors["member"], Tools, Libraries, default);

        var entries = await _cast.Records.Audit.ListAsync(EngineBench.Local, new AuditFilter { Kind = "archive_dependency" }, default);
        Assert.That(entries.Select(entry => $"{entry.ActorName} {entry.Action} {entry.Subject}"), Is.EqualTo(
            new[] { $"member removed {Tools} on {Libraries}", $"member added {Tools} on {Libraries}" }));
    }

    private async Task AddAsync(
        string archive, string on, Pocket pocket = Pocket.Release, string? component = null, string by = "member", bool fails = false)
    {
        var adding = _cast.Records.ArchiveDependencies.AddAsync(_cast.Actors[by], archive, on, pocket, component, default);
        if (fails)
            Assert.That(async () => await adding, Throws.TypeOf<FarmException>());
        else
            await adding;
    }

    private Task<NamedArchive> SetPrivateAsync(string archive, bool isPrivate) => _cast.Records.Archives.ChangeAsync(
        EngineBench.Local, archive, one => one with { IsPrivate = isPrivate }, default);

    private async Task<IReadOnlyList<string>> LinesAsync(string who, string archive) =>
        [.. (await _cast.Records.AptLines.ListAsync(_cast.Actors[who], archive, new AptTarget("bookworm"), default))
            .Select(line => line.ToString())];
}

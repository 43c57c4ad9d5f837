using Buildd.Farm;
using Buildd.Farm.Audit;
using Buildd.Farm.Distributions;
using Buildd.Farm.Rights;
using Buildd.UnitTests.Farm.People;
using Buildd.UnitTests.Farm.Store;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Distributions;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.Postgresql)]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class DistributionRecordsTests(Engine engine) : IAsyncDisposable
{
    private readonly EngineBench _bench = new(engine);

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Test]
    public async Task A_distribution_is_found_by_its_name_and_by_each_alias()
    {
        var records = _bench.Open().Distributions;
        await records.AddAsync(EngineBench.Local, DistributionCast.New("ubuntu"), default);

        var added = await records.AddAsync(EngineBench.Local, DistributionCast.New("debian", "deb", "debian+more"), default);

        foreach (var name in (string[])["debian", "deb", "debian+more"])
            Assert.That((await records.FindAsync(name, default))?.Id, Is.EqualTo(added.Id), name);
        Assert.That((await records.ListAsync(default)).Select(one => one.Name), Is.EqualTo(new[] { "debian", "ubuntu" }));
    }

    [TestCase("none")]
    [TestCase("")]
    [TestCase("de\0bian")]
    [TestCase("Debian")]
    [TestCase("debian'; DROP TABLE distribution; --")]
    public async Task What_is_not_there_is_not_found_whatever_it_is_called(string name)
    {
        var records = _bench.Open().Distributions;
        await records.AddAsync(EngineBench.Local, DistributionCast.New("debian"), default);

        Assert.That(await records.FindAsync(name, default), Is.Null);
        Assert.That(
            async () => await records.GetAsync(name, default),
            Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.NotFound));
    }

    [TestCase("debian", new string[0], "a distribution called debian already")]
    [TestCase("deb", new string[0], "deb is an alias of the distribution debian")]
    [TestCase("other", new[] { "debian" }, "a distribution called debian already")]
    [TestCase("other", new[] { "one", "deb" }, "deb is an alias of the distribution debian")]
    public async Task A_name_means_one_distribution(string name, string[] aliases, string message)
    {
        var records = _bench.Open().Distributions;
        await records.AddAsync(EngineBench.Local, DistributionCast.New("debian", "deb"), default);
        await records.AddAsync(EngineBench.Local, DistributionCast.New("third"), default);

        Assert.That(
            async () => await records.AddAsync(EngineBench.Local, DistributionCast.New(name, aliases), default),
            Throws.TypeOf<FarmException>().With.Message.Contains(message));
        Assert.That(
            async () => await records.ChangeAsync(
                EngineBench.Local, "third", one => one with { Name = name, Aliases = aliases }, default),
            Throws.TypeOf<FarmException>().With.Message.Contains(message));
    }

    [Test]
    public async Task A_new_name_leaves_the_former_one_as_an_alias_and_can_be_taken_back()
    {
        var records = _bench.Open().Distributions;
        var added = await records.AddAsync(EngineBench.Local, DistributionCast.New("debian"), default);

        await records.ChangeAsync(EngineBench.Local, "debian", one => one with { Name = "devuan" }, default);
        Assert.That((await records.GetAsync("debian", default)).Name, Is.EqualTo("devuan"));

        await records.ChangeAsync(EngineBench.Local, "debian", one => one with { Name = "debian" }, default);
        var back = await records.GetAsync("devuan", default);
        Assert.That((back.Id, back.Name, string.Join(' ', back.Aliases)), Is.EqualTo((added.Id, "debian", "devuan")));
    }

    [TestCase("d", "x")]
    [TestCase("Debian", "x")]
    [TestCase("de\0bian", "x")]
    [TestCase("debian", "two\nlines")]
    [TestCase("debian", "n\0l")]
    public void What_can_t_be_said_of_one_is_refused(string name, string title) => Assert.That(
        async () => await _bench.Open().Distributions.AddAsync(
            EngineBench.Local, DistributionCast.New(name) with { Title = title }, default),
        Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.Usage));

    [Test]
    public void Half_a_character_is_refused() =>
        What_can_t_be_said_of_one_is_refused("debian", "x" + '\ud800'); // not in an attribute, which would make a whole one of it

    [Test]
    public void Too_many_or_doubled_aliases_are_refused()
    {
        var many = Enumerable.Range(0, 100_000).Select(i => $"alias{i}").ToArray();
        foreach (var aliases in (string[][])[many, ["one", "one"], ["debian"]])
        {
            Assert.That(
                async () => await _bench.Open().Distributions.AddAsync(
                    EngineBench.Local, DistributionCast.New("debian", aliases), default),
                Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.Usage));
        }
    }

    [Test]
    public async Task Administrators_alone_add_and_change()
    {
        var records = _bench.Open();
        await records.AddDebianAsync();
        await records.AddPersonAsync("ada");
        await records.AddPersonAsync("bob");
        await records.JoinAsync(Role.Administrator.ToName(), "ada");
        await records.JoinAsync(Role.BuildFarmAdministrator.ToName(), "bob");
        var ada = await records.Actors.FindAsync("ada", "test", default);
        var bob = await records.Actors.FindAsync("bob", "test", default);
        Actor[] others = [bob, Actor.Anonymous("test"), ada with { Level = AccessLevel.ReadPrivate }];

        await ChangeAllAsync(ada, "1");

        foreach (var actor in others)
        {
            foreach (var change in Changes(actor, "2"))
            {
                Assert.That(
                    async () => await change(),
                    Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.NotAllowed),
                    actor.Name);
            }
        }

        async Task ChangeAllAsync(Actor actor, string mark)
        {
            foreach (var change in Changes(actor, mark))
                await change();
        }

        IEnumerable<Func<Task>> Changes(Actor actor, string mark) =>
        [
            () => records.Distributions.AddAsync(actor, DistributionCast.New("new" + mark), default),
            () => records.Distributions.ChangeAsync(actor, "debian", one => one with { Title = mark }, default),
            () => records.Series.AddAsync(actor, "debian", DistributionCast.NewSeries("new" + mark), default),
            () => records.Series.ChangeAsync(actor, "debian", "stable", one => one with { Title = mark }, default),
            () => records.Architectures.AddAsync(actor, "debian", "bookworm", DistributionCast.NewArchitecture("new" + mark), default),
            () => records.Architectures.ChangeAsync(
                actor, "debian", "bookworm", "amd64", one => one with { Processor = "cpu" + mark }, default),
        ];
    }

    [Test]
    public async Task Changes_are_in_the_audit_under_whole_names()
    {
        var records = _bench.Open();
        await records.AddDebianAsync();
        await records.Series.ChangeAsync(
            EngineBench.Local, "deb", "12", series => series with { Status = SeriesStatus.Current }, default);

        var entries = await records.Audit.ListAsync(EngineBench.Local, new AuditFilter(), default);

        Assert.That(entries.Select(entry => $"{entry.Action} {entry.Kind} {entry.Subject}"), Is.EqualTo(new[]
        {
            "changed series debian/bookworm",
            "added architecture debian/bookworm/amd64",
            "added series debian/bookworm",
            "added distribution debian",
        }));
        Assert.That(entries[0].Changes, Is.EqualTo(
            new[] { new FieldChange("status", "\"Active Development\"", "\"Current Stable Release\"") }));
    }
}

using Buildd.Master;
using Buildd.Master.Dispatch;
using Buildd.Master.Jobs;
using Buildd.Master.Results;
using Buildd.Master.Scanning;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.UnitTests.Testing;
using NUnit.Framework;
using static Buildd.UnitTests.Master.Replies;

namespace Buildd.UnitTests.Master;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(20_000)]
public sealed class BuildRunnerTests : IDisposable
{
    private const string Changes = "Source: hello\nVersion: 1\nArchitecture: amd64\nDistribution: sid\nFiles:\n";
    private readonly ScriptedSlave _slave = new();
    private readonly ManualTimeProvider _time = new() { SkipsWaits = true };
    private readonly TemporaryDirectory _root = new();
    private readonly CancellationTokenSource _cancel = new();
    private readonly List<BuildEvent> _events = [];

    public BuildRunnerTests()
    {
        _slave.Files["buildlog"] = Bytes("the log");
        _slave.Files[Sha1(Changes)] = Bytes(Changes);
    }

    public void Dispose()
    {
        _cancel.Dispose();
        _root.Dispose();
    }

    [Test]
    public async Task A_good_build_is_dispatched_watched_fetched_and_cleaned()
    {
        _slave.Says(Idle, Building(), Good());

        var outcome = await RunAsync();

        Assert.That(_slave.Deeds, Is.EqualTo([
            $"ensurepresent {Sha1("chroot.tar.gz")}", $"ensurepresent {Sha1("a.dsc")}", $"build {Cookie}",
            $"GET {Sha1(Changes)}+0", "clean",
        ]));
        Assert.That(outcome.Succeeded, Is.True);
        Assert.That((outcome.Cookie, outcome.Status, outcome.Cancelled, outcome.SlaveCleaned), Is.EqualTo((Cookie, BuildStatus.Ok, false, true)));
        Assert.That(outcome.Files.Single().Sha256, Is.EqualTo(Sha256(Changes)));
        Assert.That(await File.ReadAllTextAsync(outcome.LogPath!), Is.EqualTo("the log"));
        Assert.That(Path.GetDirectoryName(outcome.Leaf), Is.EqualTo(_root["incoming"]));
        Assert.That(outcome.Durations.Build, Is.EqualTo(TimeSpan.FromSeconds(15)));
        Assert.That(outcome.Durations.Total, Is.EqualTo(TimeSpan.FromSeconds(15)));
    }

    [Test]
    public async Task An_observer_is_told_of_everything_in_order()
    {
        _slave.Says(Idle, Building(), Good());

        await RunAsync();

        Assert.That(_events.Select(happened => happened.GetType().Name), Is.EqualTo([
            nameof(InputPresent), nameof(InputPresent), nameof(BuildAccepted), nameof(StatusChanged), nameof(LogGrew),
            nameof(StatusChanged), nameof(BuildEnded), nameof(FileFetched), nameof(SlaveCleaned),
        ]));
    }

    [Test]
    public async Task Without_an_observer_the_log_is_read_once_at_the_end()
    {
        _slave.Says(Idle, Building(), Good());

        await Runner().RunAsync(Job("a.dsc"));

        Assert.That(_slave.Calls.Count(call => call.StartsWith("GET buildlog", StringComparison.Ordinal)), Is.EqualTo(1));
    }

    [TestCase(BuildStatus.PackageFail)]
    [TestCase(BuildStatus.ChrootFail)]
    [TestCase(BuildStatus.BuilderFail)]
    [TestCase(BuildStatus.GivenBack)]
    public async Task Of_a_build_that_failed_the_log_alone_is_fetched(BuildStatus status)
    {
        _slave.Says(Idle, Waiting(status, ("part.deb", Sha1("never stored"))));

        var outcome = await RunAsync();

        Assert.That((outcome.Status, outcome.Succeeded, outcome.SlaveCleaned), Is.EqualTo((status, false, true)));
        Assert.That(outcome.Files, Is.Empty);
        Assert.That(outcome.Findings, Is.Empty);
        Assert.That(Directory.EnumerateFiles(outcome.Leaf!).Single(), Is.EqualTo(outcome.LogPath));
    }

    [Test]
    public async Task Missing_dependencies_are_in_the_outcome()
    {
        _slave.Says(Idle, Waiting(BuildStatus.DepFail) with { Dependencies = "libfoo (>= 2)" });

        Assert.That((await RunAsync()).Dependencies, Is.EqualTo("libfoo (>= 2)"));
    }

    [Test]
    public async Task Results_that_are_not_what_their_changes_says_are_no_success()
    {
        var changes = Changes + " 0123456789abcdef0123456789abcdef 3 s p missing.deb\n";
        _slave.Files[Sha1(changes)] = Bytes(changes);
        _slave.Says(Idle, Waiting(BuildStatus.Ok, ("x.changes", Sha1(changes))));

        var outcome = await RunAsync();

        Assert.That(outcome.Findings.Single().Kind, Is.EqualTo(FindingKind.Missing));
        Assert.That((outcome.Status, outcome.Succeeded), Is.EqualTo((BuildStatus.Ok, false)));
    }

    [Test]
    public async Task Builds_that_make_no_packages_need_no_changes()
    {
        _slave.Files[Sha1("img")] = Bytes("img");
        _slave.Says(Idle, Waiting(BuildStatus.Ok, ("livecd.img", Sha1("img"))));

        Assert.That((await RunAsync(Job() with { BuilderTag = "livefs" })).Succeeded, Is.True);
    }

    [Test]
    public async Task When_results_cannot_be_fetched_the_slave_keeps_them()
    {
        _slave.Says(Idle, Waiting(BuildStatus.Ok, ("a.deb", Sha1("never stored"))));

        await Assert.ThatAsync(() => RunAsync(), Throws.TypeOf<SlaveFileNotFoundException>());

        Assert.That(_slave.Calls, Has.None.EqualTo("clean"));
        Assert.That(Directory.EnumerateFileSystemEntries(_root["incoming"]), Is.Empty);
    }

    [Test]
    public async Task When_the_build_is_lost_nothing_is_done_to_the_slave()
    {
        _slave.Says(Idle, Building(), Idle);

        await Assert.ThatAsync(() => RunAsync(), Throws.TypeOf<BuildLostException>());

        Assert.That(_slave.Deeds.Last(), Is.EqualTo($"build {Cookie}"));
    }

    [Test]
    public async Task When_the_slave_does_not_take_it_the_run_ends_there()
    {
        _slave.OnBuild = _ => new BuildReply(BuildAnswer.UnknownBuilder, "");

        await Assert.ThatAsync(() => RunAsync(), Throws.TypeOf<UnknownBuilderException>());

        Assert.That(_slave.Calls, Has.None.EqualTo("clean"));
    }

    [Test]
    public async Task A_slave_that_cannot_be_cleaned_does_not_spoil_the_results()
    {
        _slave.Says(Idle, Good()).OnClean = () => throw ScriptedSlave.Fault;

        var outcome = await RunAsync();

        Assert.That((outcome.Succeeded, outcome.SlaveCleaned), Is.EqualTo((true, false)));
    }

    [Test]
    public async Task When_the_answer_to_clean_is_lost_the_slave_is_asked_before_it_is_repeated()
    {
        var attempts = 0;
        _slave.Says(Idle, Good(), Good(), Idle);
        _slave.OnClean = () =>
        {
            attempts++;
            throw ScriptedSlave.Broken;
        };

        var outcome = await RunAsync();

        Assert.That((attempts, outcome.SlaveCleaned), Is.EqualTo((2, true)));
    }

    [Test]
    public async Task Cancelled_while_it_builds_it_is_aborted_its_log_fetched_and_the_slave_cleaned()
    {
        _slave.Does(() => Idle, () => CancelNow(Building()), () => Aborting, () => Waiting(BuildStatus.Aborted));

        var outcome = await RunAsync();

        Assert.That(_slave.Deeds.TakeLast(2), Is.EqualTo(["abort", "clean"]));
        Assert.That((outcome.Status, outcome.Cancelled, outcome.Succeeded), Is.EqualTo((BuildStatus.Aborted, true, false)));
        Assert.That(await File.ReadAllTextAsync(outcome.LogPath!), Is.EqualTo("the log"));
    }

    [Test]
    public async Task Cancelled_as_it_ends_its_results_are_not_wanted_any_more()
    {
        _slave.Does(() => Idle, () => CancelNow(Good()));

        var outcome = await RunAsync();

        Assert.That((outcome.Status, outcome.Cancelled, outcome.Succeeded), Is.EqualTo((BuildStatus.Ok, true, false)));
        Assert.That(outcome.Files, Is.Empty);
        Assert.That(outcome.Findings, Is.Empty);
    }

    [Test]
    public async Task Cancelled_while_results_are_fetched_the_log_is_fetched_and_the_slave_cleaned()
    {
        _slave.Says(Idle, Good()).OnOpen = (name, offset) =>
        {
            if (name != "buildlog")
                _cancel.Cancel();
            return _slave.Open(name, offset);
        };

        var outcome = await RunAsync();

        Assert.That((outcome.Cancelled, outcome.SlaveCleaned), Is.EqualTo((true, true)));
        Assert.That(Directory.EnumerateFiles(outcome.Leaf!).Single(), Is.EqualTo(outcome.LogPath));
    }

    [Test]
    public async Task Cancelled_the_slave_is_cleaned_even_if_its_log_is_not_to_be_had()
    {
        _slave.Does(() => Idle, () => CancelNow(Building()), () => Waiting(BuildStatus.Aborted));
        _slave.OnOpen = (_, _) => throw ScriptedSlave.Broken;

        var outcome = await RunAsync();

        Assert.That((outcome.Leaf, outcome.LogPath, outcome.SlaveCleaned), Is.EqualTo((default(string), default(string), true)));
    }

    [Test]
    public async Task Cancelled_before_the_slave_has_it_the_run_just_ends()
    {
        _slave.OnEnsurePresent = _ =>
        {
            _cancel.Cancel();
            return new EnsurePresentReply(true, "Cache");
        };

        await Assert.ThatAsync(() => RunAsync(), Throws.InstanceOf<OperationCanceledException>());

        Assert.That(_slave.BuildCall, Is.Null);
    }

    private static StatusReply Good() => Waiting(BuildStatus.Ok, ("x.changes", Sha1(Changes)));

    private StatusReply CancelNow(StatusReply reply)
    {
        _cancel.Cancel();
        return reply;
    }

    private BuildRunner Runner() =>
        new(_slave, new BuildRunnerOptions { Results = new ResultOptions { Root = _root.Path } }, _time);

    private Task<BuildOutcome> RunAsync(BuildJob? job = null) => Runner().RunAsync(job ?? Job("a.dsc"), happened =>
    {
        _events.Add(happened);
        return ValueTask.CompletedTask;
    }, _cancel.Token);
}

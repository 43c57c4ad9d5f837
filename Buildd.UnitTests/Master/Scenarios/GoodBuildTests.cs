using Buildd.Master;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Protocol;
using Buildd.Protocol.Messages;
using Buildd.Testing.Runs;
using static Buildd.UnitTests.Master.Replies;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Scenarios;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class GoodBuildTests : IAsyncDisposable
{
    private readonly FarmBench _farm = new();

    public ValueTask DisposeAsync() => _farm.DisposeAsync();

    [Test]
    public async Task A_build_goes_from_the_queue_to_incoming_and_its_slave_is_clean_again()
    {
        var slave = await _farm.AddAsync("bob");
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building);
        slave.Log("building\n");
        slave.End(BuildStatus.Ok, ("hello_2.10-3_amd64.deb", "a deb"), ("hello_2.10-3_amd64.changes", "changes"), ("copy.deb", "a deb"));

        build = await _farm.UntilAsync(build, BuildState.Uploading);
        await _farm.UntilAsync(async () => (await _farm.FindAsync("bob")).Clean == CleanState.Clean);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                slave.Deeds.Take(3), Is.EqualTo(
                    new[] { $"ensurepresent {Sha1Of("chroot.tar.gz")}", $"ensurepresent {Sha1Of("hello.dsc")}", "build PACKAGEBUILD-1" }));
            Assert.That(slave.Deeds[^1], Is.EqualTo("clean"));
            Assert.That(build.Queue, Is.Null);
            Assert.That(build.Files.Select(file => (file.Name, file.Sha256)), Is.EqualTo(new[]
            {
                ("hello_2.10-3_amd64.deb", Sha256("a deb")), ("hello_2.10-3_amd64.changes", Sha256("changes")),
                ("copy.deb", Sha256("a deb")),
            }));
            Assert.That(build.Leaf, Does.Match("^2026031[4-9]-[0-9]{6}-PACKAGEBUILD-1$"));
            Assert.That(_farm.Leaves("incoming"), Is.EqualTo(new[] { build.Leaf }));
            Assert.That(_farm.Leaves("grabbing"), Is.Empty);
            Assert.That(Directory.GetFiles(Path.Combine(_farm.Root, "incoming", build.Leaf!, "1", "debian")), Has.Length.EqualTo(3));
            Assert.That(build.LogName, Is.EqualTo("buildlog_debian-bookworm-amd64.hello_2.10-3_FULLYBUILT.txt.gz"));
            Assert.That(_farm.LogText(build), Is.EqualTo("building\n"));
            Assert.That(_farm.Landed.Select(upload => upload.Build.Cookie.ToString()), Is.EqualTo(new[] { "PACKAGEBUILD-1" }));
            Assert.That((await _farm.FindAsync("bob")).Version, Is.EqualTo("1.0"));
            Assert.That(_farm.Told, Is.Empty);
        }
    }

    [Test]
    public async Task Arguments_are_those_of_the_specification()
    {
        var slave = await _farm.AddAsync("bob");
        await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(() => slave.LastBuild is not null);

        Assert.That(slave.LastBuild!.Builder, Is.EqualTo("binarypackage"));
        Assert.That(slave.LastBuild.ChrootSha1, Is.EqualTo(Sha1Of("chroot.tar.gz")));
        Assert.That(slave.LastBuild.FileMap, Is.EqualTo(Map(("hello.dsc", Sha1Of("hello.dsc")))));
        Assert.That(
            slave.LastBuild.Arguments.Keys,
            Is.SupersetOf(new[] { "suite", "series", "arch_tag", "ogrecomponent", "archive_purpose", "arch_indep" }));
    }

    [Test]
    public async Task A_free_slave_begins_what_arrives_without_waiting_for_its_next_scan()
    {
        var slave = await _farm.AddAsync("bob");
        _farm.Start();
        await _farm.UntilAsync(async () => (await _farm.FindAsync("bob")).Clean == CleanState.Clean && _farm.Master.IsQuiet);
        var before = _farm.Now;

        await _farm.QueueAsync();
        await Until.TrueAsync(() => slave.Status.Status == BuilderStatus.Building); // the clock stands still

        Assert.That(_farm.Now, Is.EqualTo(before));
    }

    [Test]
    public async Task A_slave_that_becomes_free_begins_the_next_build_within_two_seconds()
    {
        var slave = await _farm.AddAsync("bob");
        await _farm.QueueAsync();
        await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(() => slave.LastBuild?.BuildId == "PACKAGEBUILD-1");
        slave.End(BuildStatus.PackageFail);
        await _farm.UntilAsync(() => slave.Count("clean") == 1);
        var free = _farm.Now;

        await _farm.UntilAsync(() => slave.LastBuild?.BuildId == "PACKAGEBUILD-2");

        Assert.That(_farm.Now - free, Is.LessThan(TimeSpan.FromSeconds(2)));
    }

    [TestCase(BuildStatus.PackageFail, BuildState.FailedToBuild, "", true)]
    [TestCase(BuildStatus.DepFail, BuildState.ManualDepWait, "libmissing-dev", false)]
    [TestCase(BuildStatus.ChrootFail, BuildState.ChrootWait, "", true)]
    public async Task A_build_that_fails_is_over_with_its_log_and_mail_only_where_the_table_has_it(
        BuildStatus said, BuildState state, string dependencies, bool mailed)
    {
        var slave = await _farm.AddAsync("bob", builder => builder with { Failures = 2 });
        slave.OnBuild = _ =>
        {
            slave.Log("no\n");
            slave.End(said);
        };
        var build = await _farm.QueueAsync();
        _farm.Start();

        build = await _farm.UntilAsync(build, state);
        await _farm.UntilAsync(() => _farm.Master.IsQuiet);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((build.Queue, build.Dependencies, build.Leaf), Is.EqualTo(((QueueState?)null, dependencies, (string?)null)));
            Assert.That(build.LogName, Does.EndWith($"_{state.ToName()}.txt.gz"));
            Assert.That(_farm.LogText(build), Is.EqualTo("no\n"));
            Assert.That(_farm.Told, Is.EqualTo(mailed ? new[] { $"PACKAGEBUILD-1 {state.ToName()}" } : []));
            Assert.That((await _farm.FindAsync("bob")).Failures, Is.Zero, "a collected result zeroes the count");
            Assert.That(_farm.Leaves("incoming"), Is.Empty);
        }
    }

    [Test]
    public async Task The_log_is_stored_while_it_grows_and_without_secrets()
    {
        _farm.Inputs.AddFile(Input("hello.dsc") with { Password = "sesame77" });
        var slave = await _farm.AddAsync("bob");
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building);
        slave.Log("Get http://user:pass@archive/ and sesa");
        await _farm.PassAsync(TimeSpan.FromSeconds(20));
        slave.Log("me77\nmore\n");
        await _farm.PassAsync(TimeSpan.FromSeconds(20));

        Assert.That(_farm.LogText(await _farm.FindAsync(build)), Is.EqualTo("Get http://archive/ and ***\nmore\n"));
    }

    [Test]
    public async Task Where_the_log_is_not_served_the_ends_in_the_status_are_kept()
    {
        var slave = await _farm.AddAsync("bob");
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building);
        slave.Status = slave.Status with { LogTail = Bytes("the first words of a log\n") };
        await _farm.PassAsync(TimeSpan.FromSeconds(20));
        slave.Status = slave.Status with { LogTail = Bytes("first words of a log\nand more\n") };
        await _farm.PassAsync(TimeSpan.FromSeconds(20));

        Assert.That(_farm.LogText(await _farm.FindAsync(build)), Is.EqualTo("the first words of a log\nand more\n"));
    }

    [Test]
    public async Task Events_tell_what_happens_in_order()
    {
        var slave = await _farm.AddAsync("bob");
        slave.OnBuild = _ =>
        {
            slave.Log("x\n");
            slave.End(BuildStatus.PackageFail);
        };
        _farm.Start();
        using var stop = new CancellationTokenSource();
        var events = _farm.Master.Events(stop.Token);
        await _farm.QueueAsync();
        var seen = new List<string>();
        var reading = Task.Run(async () =>
        {
            await foreach (var happened in events)
            {
                seen.Add($"{happened.GetType().Name} {(happened as BuildChanged)?.Build.State.ToName()}".Trim());
                if (happened is BuildFinished)
                    return;
            }
        });
        await _farm.UntilAsync(() => reading.IsCompleted);
        await reading;

        Assert.That(seen.Where(name => name != "BuilderChanged"), Is.EqualTo(new[]
        {
            "BuildChanged NEEDSBUILD", "BuildChanged BUILDING", "BuildDispatched", "BuildChanged FAILEDTOBUILD", "BuildFinished",
        }));
        Assert.That(seen, Has.Member("BuilderChanged"));
    }

    [Test]
    public async Task A_builder_that_is_added_gets_work_and_one_that_is_removed_loses_it()
    {
        _farm.Start();
        var build = await _farm.QueueAsync();
        await _farm.PassAsync(TimeSpan.FromMinutes(1));
        var slave = await _farm.AddAsync("late");
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building);

        await _farm.Builders.RemoveAsync("late");
        build = await _farm.UntilAsync(build, BuildState.NeedsBuild);

        Assert.That(build.Reason, Does.Contain("late was removed"));
    }

    [Test]
    public async Task A_manual_builder_is_looked_at_and_gets_no_work()
    {
        var slave = await _farm.AddAsync("bob", builder => builder with { Manual = true });
        await _farm.QueueAsync();
        _farm.Start();
        await _farm.PassAsync(TimeSpan.FromMinutes(5));

        Assert.That(slave.Deeds, Is.Empty);
        Assert.That((await _farm.FindAsync("bob")).Version, Is.EqualTo("1.0"));
        Assert.That(
            (await _farm.Master.WhyWaitingAsync(1))
                .Sentence, Is.EqualTo("All 1 builders that could build it are out of service or kept for manual use."));
    }

    [Test]
    public async Task A_master_that_starts_again_adopts_the_build_and_its_log()
    {
        var slave = await _farm.AddAsync("bob");
        var build = await _farm.QueueAsync();
        var builder = await _farm.FindAsync("bob");
        // What a master that was killed between build and its next look has left.
        await _farm.Builders.TryReplaceAsync([builder.Made(CleanState.Dirty, _farm.Now)]);
        await _farm.Builds.TryReplaceAsync([build.Dispatched("bob", _farm.Now)]);
        slave.Status = new StatusReply
        {
            Status = BuilderStatus.Building,
            BuildId = build.Cookie.ToString(),
            LogTail = default(ReadOnlyMemory<byte>),
        };
        slave.Log("all of it\n");
        _farm.Start();
        await _farm.PassAsync(TimeSpan.FromSeconds(30));
        slave.End(BuildStatus.Ok, ("a.deb", "a"));

        build = await _farm.UntilAsync(build, BuildState.Uploading);

        Assert.That(slave.Deeds.Count(call => call.StartsWith("build", StringComparison.Ordinal)), Is.Zero);
        Assert.That(build.Attempt, Is.EqualTo(1));
        Assert.That(_farm.LogText(build), Is.EqualTo("all of it\n"));
    }

    [Test]
    public async Task A_leaf_that_had_landed_before_the_master_was_killed_is_handed_over_once()
    {
        var slave = await _farm.AddAsync("bob");
        var build = await _farm.QueueAsync();
        var builder = await _farm.FindAsync("bob");
        await _farm.Builders.TryReplaceAsync([builder.Made(CleanState.Dirty, _farm.Now)]);
        build = (await _farm.Builds.TryReplaceAsync([build.Dispatched("bob", _farm.Now)]))[0]!;
        await _farm.Builds.TryReplaceAsync([build.GatheringInto("20260314-150926-PACKAGEBUILD-1")]);
        var folder = Directory.CreateDirectory(Path.Combine(_farm.Root, "incoming", "20260314-150926-PACKAGEBUILD-1", "1", "debian"))
            .FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "a.deb"), "a deb");
        slave.Status = new StatusReply
        {
            Status = BuilderStatus.Waiting,
            BuildStatus = BuildStatus.Ok,
            BuildId = build.Cookie.ToString(),
            FileMap = Map(("a.deb", Sha1Of("a deb"))),
        };
        _farm.Start();

        build = await _farm.UntilAsync(build, BuildState.Uploading);

        Assert.That(slave.CountStarting("GET "), Is.Zero);
        Assert.That(build.Files, Is.EqualTo(new[] { new BuildFile("a.deb", 5, Sha1.Parse(Sha1Of("a deb")), Sha256("a deb")) }));
        Assert.That(_farm.Leaves("incoming"), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task What_was_fetched_before_the_master_was_killed_is_gone_on_with()
    {
        var slave = await _farm.AddAsync("bob");
        var build = await _farm.QueueAsync();
        var builder = await _farm.FindAsync("bob");
        await _farm.Builders.TryReplaceAsync([builder.Made(CleanState.Dirty, _farm.Now)]);
        build = (await _farm.Builds.TryReplaceAsync([build.Dispatched("bob", _farm.Now)]))[0]!;
        await _farm.Builds.TryReplaceAsync([build.GatheringInto("20260314-150926-PACKAGEBUILD-1")]);
        var folder = Directory.CreateDirectory(Path.Combine(_farm.Root, "grabbing", "20260314-150926-PACKAGEBUILD-1", "1", "debian"))
            .FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "whole.deb"), "whole");
        await File.WriteAllTextAsync(Path.Combine(folder, "damaged.deb"), "dAmaged");
        await File.WriteAllTextAsync(Path.Combine(folder, $".2-{Sha1Of("half of it")}.part"), "half");
        Directory.CreateDirectory(Path.Combine(_farm.Root, "grabbing", "20250101-000000-PACKAGEBUILD-99"));
        slave.Status = new StatusReply { Status = BuilderStatus.Building, BuildId = build.Cookie.ToString() };
        slave.End(BuildStatus.Ok, ("whole.deb", "whole"), ("damaged.deb", "damaged"), ("half.deb", "half of it"));
        _farm.Start();

        await _farm.UntilAsync(build, BuildState.Uploading);

        var gets = slave.Deeds.Where(call => call.StartsWith("GET", StringComparison.Ordinal));
        Assert.That(gets, Is.EquivalentTo(new[] { $"GET {Sha1Of("damaged")}+0", $"GET {Sha1Of("half of it")}+4" }));
        Assert.That(_farm.Leaves("grabbing"), Is.Empty, "nobody's leaf was swept away");
        Assert.That(Directory.GetFiles(Path.Combine(_farm.Root, "incoming", _farm.Leaves("incoming")[0], "1", "debian")).Select(
            File.ReadAllText),
            Is.EquivalentTo(new[] { "whole", "damaged", "half of it" }));
    }
}

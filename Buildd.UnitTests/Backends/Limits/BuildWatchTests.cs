using Buildd.Backends.Limits;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Testing.Files;
using Buildd.UnitTests.Backends.PlugIn;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Limits;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class BuildWatchTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly TemporaryDirectory _group = new();
    private readonly PlugInBench _bench;

    public BuildWatchTests() => _bench = new PlugInBench(_time);

    public void Dispose()
    {
        _bench.Dispose();
        _abort.Dispose();
        _group.Dispose();
    }

    [Test]
    public async Task Without_limits_only_an_abort_ends_it()
    {
        await using var watch = Watch(new BuildLimits());
        _time.Advance(TimeSpan.FromDays(100));
        Assert.That((watch.Cause, watch.Token.IsCancellationRequested), Is.EqualTo(((string?)null, false)));

        await _abort.CancelAsync();

        Assert.That((watch.Cause, watch.Token.IsCancellationRequested, watch.Status), Is.EqualTo(("aborted", true, BuildStatus.Aborted)));
    }

    [Test]
    public async Task The_time_it_may_take_ends_it_however_much_it_writes()
    {
        await using var watch = Watch(new BuildLimits { Time = TimeSpan.FromSeconds(90), Silence = TimeSpan.FromSeconds(60) });
        for (var i = 0; i < 89; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            _bench.Log.WriteLine("busy");
        }

        Assert.That(watch.Cause, Is.Null);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.That(
            (watch.Cause, watch.Token.IsCancellationRequested, watch.Status), Is.EqualTo(("timeout", true, BuildStatus.PackageFail)));
        Assert.That(_bench.LogText, Does.EndWith("The build has taken 90 s, which is the limit: it is ended.\n"));
    }

    [Test]
    public async Task Silence_ends_it_as_long_after_the_last_output_as_was_said()
    {
        await using var watch = Watch(new BuildLimits { Silence = TimeSpan.FromSeconds(60) });
        _time.Advance(TimeSpan.FromSeconds(40));
        _bench.Log.WriteLine("busy");
        _time.Advance(TimeSpan.FromSeconds(20));
        _time.Advance(TimeSpan.FromSeconds(39));
        Assert.That(watch.Cause, Is.Null);

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.That(watch.Cause, Is.EqualTo("stalled"));
        Assert.That(_bench.LogText, Is.EqualTo("busy\nThe build has written nothing for 60 s, which is the limit: it is ended.\n"));
    }

    [Test]
    public async Task Silence_from_before_does_not_count()
    {
        _time.Advance(TimeSpan.FromSeconds(50));
        await using var watch = Watch(new BuildLimits { Silence = TimeSpan.FromSeconds(60) });

        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.That(watch.Cause, Is.Null);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.That(watch.Cause, Is.EqualTo("stalled"));
    }

    [Test]
    public async Task The_first_reason_counts()
    {
        await using var watch = Watch(new BuildLimits { Time = TimeSpan.FromSeconds(5) });

        await _abort.CancelAsync();
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.That(watch.Cause, Is.EqualTo("aborted"));
    }

    [Test]
    public async Task An_abort_from_before_counts()
    {
        await _abort.CancelAsync();

        await using var watch = Watch(new BuildLimits());

        Assert.That((watch.Cause, watch.Token.IsCancellationRequested), Is.EqualTo(("aborted", true)));
    }

    [Test]
    public async Task What_is_over_is_left_alone()
    {
        var watch = Watch(new BuildLimits { Time = TimeSpan.FromSeconds(5), Silence = TimeSpan.FromSeconds(3), LogBytes = 1 });
        _bench.Log.WriteLine("busy");
        await watch.DisposeAsync();

        _time.Advance(TimeSpan.FromSeconds(5));
        await _abort.CancelAsync();

        Assert.That(watch.Cause, Is.Null);
        Assert.That(_bench.LogText, Is.EqualTo("busy\n"));
    }

    [Test]
    public async Task A_log_ends_it_when_it_is_longer_than_it_may_be_and_not_before()
    {
        await using var watch = Watch(new BuildLimits { LogBytes = 10 });
        _bench.Log.Write("123456789\n"u8);
        for (var i = 0; i < 3; i++)
        {
            _time.Advance(BuildWatch.LookInterval);
            await Task.Delay(20);
        }

        Assert.That(watch.Cause, Is.Null);
        _bench.Log.Write("x"u8);
        await UntilEndedAsync(watch);

        Assert.That((watch.Cause, watch.Status), Is.EqualTo(("log", BuildStatus.PackageFail)));
        Assert.That(_bench.LogText, Does.Contain("written 11 bytes to its log, and 10 are the limit"));
    }

    [Test]
    public async Task A_process_that_was_killed_for_want_of_memory_ends_it()
    {
        MakeGroup("memory.max", "memory.swap.max", "memory.events", "cpu.stat");
        var limits = new BuildLimits { MemoryBytes = 64 << 20 };
        await using var watch = Watch(limits, Grouped(limits));
        Assert.That(File.ReadAllText(_group["memory.max"]), Is.EqualTo("67108864"));
        Assert.That(File.ReadAllText(_group["memory.swap.max"]), Is.EqualTo("0"));
        Assert.That(watch.HasRunOutOfMemory(), Is.False);

        File.WriteAllText(_group["memory.events"], "low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\n");
        await UntilEndedAsync(watch);

        Assert.That((watch.Cause, watch.Status, watch.HasRunOutOfMemory()), Is.EqualTo(("oom", BuildStatus.PackageFail, true)));
        Assert.That(_bench.LogText, Does.Contain("had used up its 67108864 bytes of memory"));
    }

    [Test]
    public async Task A_build_that_is_over_before_that_is_noticed_died_of_it_too()
    {
        MakeGroup("memory.max", "memory.events");
        var limits = new BuildLimits { MemoryBytes = 64 << 20 };
        await using var watch = Watch(limits, Grouped(limits));
        File.WriteAllText(_group["memory.events"], "oom_kill 2\n");

        Assert.That((watch.HasRunOutOfMemory(), watch.Cause), Is.EqualTo((true, "oom")));
    }

    [Test]
    public async Task What_can_not_be_kept_is_said_when_it_begins()
    {
        MakeGroup("pids.max");
        var limits = new BuildLimits { MemoryBytes = 64 << 20, Processes = 100 };
        await using var watch = Watch(limits, Grouped(limits));

        Assert.That(_bench.LogText, Does.StartWith("limit-memory can't be kept here: "));
        Assert.That(File.ReadAllText(_group["pids.max"]), Is.EqualTo("100"));
    }

    [Test]
    public async Task Without_a_control_group_neither_memory_nor_processes_are_limited_and_that_is_said()
    {
        await using var scope =
            ProcessScope.Open("none", withControlGroup: false, limits: new ScopeLimits { MemoryBytes = 1, Processes = 1 });

        await using var watch = Watch(new BuildLimits(), scope);

        Assert.That(_bench.LogText, Does.StartWith("limit-memory and limit-pids can't be kept here: "));
    }

    [Test]
    public async Task What_it_used_is_one_line()
    {
        MakeGroup();
        File.WriteAllText(_group["cpu.stat"], "usage_usec 1500000\nuser_usec 1\n");
        File.WriteAllText(_group["memory.peak"], "3145728\n");
        await using var watch = Watch(new BuildLimits(), Grouped(new BuildLimits()));
        _time.Advance(TimeSpan.FromSeconds(7));

        watch.WriteUsage();

        Assert.That(_bench.LogText, Is.EqualTo("The build used: 1.5 s of processor time, 3 MiB of memory at the most, 7 s in all.\n"));
    }

    [Test]
    public async Task Without_a_control_group_it_is_said_what_is_known()
    {
        await using var scope = ProcessScope.Open("none", withControlGroup: false);
        await using var watch = Watch(new BuildLimits(), scope);

        watch.WriteUsage();

        Assert.That(_bench.LogText, Does.Contain("processor time is not known").And.Contain("at least 0 MiB of memory"));
    }

    /// <summary>A folder in place of a control group: what the kernel would do there, the test does.</summary>
    private void MakeGroup(params string[] files)
    {
        foreach (var file in files.Concat(["cgroup.kill", "cgroup.procs"]))
            File.WriteAllText(_group[file], "");
    }

    private ProcessScope Grouped(BuildLimits limits) => ProcessScope.Open(
        "test", ControlGroup.TryCreate(Path.GetDirectoryName(_group.Path)!, Path.GetFileName(_group.Path), ScopeLimits.None), null, null,
        limits.OfScope);

    private BuildWatch Watch(BuildLimits limits, ProcessScope? scope = null)
    {
        if (scope is not null)
            return new BuildWatch(_bench, scope, limits, _abort.Token);
        MakeGroup();
        return Watch(limits, Grouped(new BuildLimits()));
    }

    private async Task UntilEndedAsync(BuildWatch watch)
    {
        while (watch.Cause is null)
        {
            _time.Advance(BuildWatch.LookInterval);
            await Task.Delay(10, TestContext.CurrentContext.CancellationToken);
        }
    }
}

using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Linux.Processes;

[Parallelizable(ParallelScope.All)]
[CancelAfter(60_000)]
public class ProcessScopeTests
{
    [Test]
    public async Task Ends_what_forked_away_into_a_session_of_its_own()
    {
        await RequireControlGroupsAsync();
        await using var scope = ProcessScope.Open("forks");
        await ProcessRunner.RunAsync(
            Command.Of("sh", "-c", "setsid sh -c 'trap \"\" TERM; while :; do sleep 100; done' >/dev/null 2>&1 &"), _ => { }, scope);
        Assert.That(scope.Alive(), Is.Not.Empty);

        var left = await scope.KillAllAsync(TimeSpan.FromSeconds(30));

        Assert.That(left, Is.Empty);
        Assert.That(scope.Alive(), Is.Empty);
    }

    [TestCase("setsid sh -c 'trap \"\" TERM; while :; do sleep 100; done' >/dev/null 2>&1 &", 2)]
    [TestCase("setsid sh -c '(setsid sleep 100 >/dev/null 2>&1 &)'", 1)]
    [TestCase(
        "exec >/dev/null 2>&1; setsid sh -c 'env -i sh -c \"sleep 100; :\"; :' & sleep 0.3", 3,
        Description = "children that have emptied their environment")]
    public async Task Ends_the_same_without_a_control_group(string script, int processes)
    {
        await using var scope = ProcessScope.Open("forks", withControlGroup: false);
        Assert.That(scope.HasControlGroup, Is.False);
        await ProcessRunner.RunAsync(Command.Of("sh", "-c", script), _ => { }, scope);
        await Until.TrueAsync(() => scope.Alive().Count >= processes);

        var left = await scope.KillAllAsync(TimeSpan.FromSeconds(30));

        Assert.That(left, Is.Empty);
        Assert.That(scope.Alive(), Is.Empty);
    }

    [Test]
    public async Task Scopes_without_control_groups_keep_to_their_own()
    {
        await using var one = ProcessScope.Open("same", withControlGroup: false);
        await using var other = ProcessScope.Open("same", withControlGroup: false);
        await ProcessRunner.RunAsync(Command.Of("sh", "-c", "sleep 100 >/dev/null 2>&1 &"), _ => { }, one);

        Assert.That(await other.KillAllAsync(TimeSpan.Zero), Is.Empty);
        Assert.That(one.Alive().Select(process => process.Name), Is.EqualTo(new[] { "sleep" }));
    }

    [Test]
    public async Task Whether_it_empties_is_waited_for_and_told()
    {
        await using var scope = ProcessScope.Open("empties");
        await ProcessRunner.RunAsync(Command.Of("sh", "-c", "sleep 100 >/dev/null 2>&1 &"), _ => { }, scope);

        Assert.That(await scope.EmptiesWithinAsync(TimeSpan.FromMilliseconds(10)), Is.False);
        await scope.KillAllAsync(TimeSpan.FromSeconds(30));
        Assert.That(await scope.EmptiesWithinAsync(TimeSpan.FromSeconds(30)), Is.True);
    }

    [Test]
    public async Task Finds_what_went_into_a_group_below()
    {
        await RequireControlGroupsAsync();
        var scope = ProcessScope.Open("below");
        var group = Path.GetDirectoryName(scope.JoinFile)!;
        await ProcessRunner.RunAsync(
            Command.Of("sh", "-c", $"mkdir -p {group}/a/b && (sleep 100 >/dev/null 2>&1 & echo $! > {group}/a/b/cgroup.procs)"), _ => { },
            scope);

        Assert.That(scope.Alive().Select(process => process.Name), Is.EqualTo(new[] { "sleep" }));
        Assert.That(await scope.KillAllAsync(TimeSpan.FromSeconds(30)), Is.Empty);
        await scope.DisposeAsync();
        Assert.That(Directory.Exists(group), Is.False);
    }

    [Test]
    public async Task What_a_living_program_has_open_is_not_taken_for_left()
    {
        using var folder = new TemporaryDirectory();
        await using var scope = ProcessScope.Open("still-mine");
        await ProcessRunner.RunAsync(Command.Of("sh", "-c", "sleep 100 >/dev/null 2>&1 &"), _ => { }, scope);

        await using var left = ProcessScope.OpenLeft("still-mine", folder.Path);

        Assert.That(left.Alive(), Is.Empty);
        Assert.That(scope.Alive(), Is.Not.Empty);
    }

    [Test]
    public async Task Ends_what_lives_in_its_root_folder_whoever_started_it()
    {
        Machine.Require(CurrentUser.IsRoot, "root");
        using var root = new TemporaryDirectory();
        // A root folder needs a program to be lived in: the machine's own shell, with what it loads.
        await ProcessRunner.CaptureAsync(Command.Of("sh", "-c",
            $"cd {root.Path} && mkdir dev && : > dev/null && for f in /bin/sh /bin/sleep $(ldd /bin/sh /bin/sleep | grep -o '/[^ )]*'); "
                + "do [ -f $f ] && mkdir -p .$(dirname $f) && cp -L $f .$f; done; :"));
        await using var other = ProcessScope.Open("other");
        await ProcessRunner.RunAsync(Command.Of("chroot", root.Path, "/bin/sh", "-c", "/bin/sleep 100 >&- 2>&- &"), _ => { }, other);
        await using var scope = ProcessScope.Open("rooted", root.Path);
        Assert.That(scope.Alive().Select(p => p.Name), Is.EqualTo(new[] { "sleep" }));

        var left = await scope.KillAllAsync(TimeSpan.FromSeconds(30));

        Assert.That(left, Is.Empty);
        Assert.That(ProcessTable.RootedAt(root.Path), Is.Empty);
    }

    [Test]
    public async Task A_scope_with_nobody_in_it_ends_at_once()
    {
        await using var scope = ProcessScope.Open("empty");

        Assert.That(await scope.KillAllAsync(TimeSpan.FromSeconds(30)), Is.Empty);
    }

    [Test]
    public async Task Leaves_no_control_group_behind()
    {
        await RequireControlGroupsAsync();
        string? join;
        await using (var scope = ProcessScope.Open("short"))
        {
            join = scope.JoinFile;
            await ProcessRunner.RunAsync(Command.Of("true"), _ => { }, scope);
        }

        Assert.That(join, Is.Not.Null);
        Assert.That(File.Exists(join), Is.False);
    }

    [Test]
    public async Task Removes_the_empty_control_groups_of_killed_programs_and_no_others()
    {
        await RequireControlGroupsAsync();
        await using var living = ProcessScope.Open("living");
        var place = Path.GetDirectoryName(Path.GetDirectoryName(living.JoinFile))!;
        // No process has started at the beginning of time.
        var left = Path.Combine(place, "buildd-1.0-1-try-overlay");
        var others = Path.Combine(place, $"builddd-{Guid.NewGuid():N}");
        foreach (var group in (string[])[left, others])
            Directory.CreateDirectory(group);
        try
        {
            ProcessScope.RemoveLeft();

            Assert.That(Directory.Exists(left), Is.False);
            Assert.That(Directory.Exists(others));
            Assert.That(File.Exists(living.JoinFile));
        }
        finally
        {
            await Machine.RemoveControlGroupAsync(others);
        }
    }

    /// <summary>Each prints "ready" when it is as bad as it gets; none listens to SIGTERM.</summary>
    [TestCase("trap '' TERM; echo ready; while :; do sleep 100; done", Description = "deaf")]
    [TestCase(
        "trap '' TERM; (setsid sh -c '(setsid sh -c \"trap '' TERM; echo ready; while :; do sleep 100; done\" &)' &); sleep 100",
        Description = "forked away twice, output held open")]
    [TestCase("trap '' TERM; sleep 100 & kill -STOP $!; echo ready; kill -STOP $$; sleep 100", Description = "stopped")]
    [TestCase(
        "sh -c 'exec 3>&1 >/dev/null 2>&1; setsid sleep 100 & echo ready >&3'; trap '' TERM; sleep 100",
        Description = "a grandchild holds the pipe")]
    public async Task A_hostile_child_that_is_stopped_leaves_nothing(string script)
    {
        await RequireControlGroupsAsync();
        await using var scope = ProcessScope.Open("hostile");

        await StopWhenReadyAsync(scope, script);
        var left = await scope.KillAllAsync(TimeSpan.FromSeconds(30));

        Assert.That(left, Is.Empty);
        Assert.That(scope.Alive(), Is.Empty);
    }

    [Test]
    public async Task A_fork_bomb_under_a_limit_of_processes_is_ended()
    {
        await RequireControlGroupsAsync();
        const string Controller = "/sys/fs/cgroup/pids";
        Machine.Require(
            Directory.Exists(Controller), "the version 1 controller of processes, which a test may set without being alone in a group");
        var group = Path.Combine(Controller, $"buildd-test-{Guid.NewGuid():N}");
        Directory.CreateDirectory(group);
        await File.WriteAllTextAsync(Path.Combine(group, "pids.max"), "60");
        try
        {
            await using var scope = ProcessScope.Open("bomb");
            // A shell that can't fork ends; the others then have room to go on. The first one forks once, as long as there surely is room.
            await StopWhenReadyAsync(
                scope,
                $"trap '' TERM; echo $$ > {group}/cgroup.procs; b() {{ while :; do b 2>/dev/null & done; }}; b 2>/dev/null & "
                + $"while read -r x n < {group}/pids.events && [ $n -lt 50 ]; do :; done; echo ready; while :; do :; done");
            Assert.That(await scope.KillAllAsync(TimeSpan.FromSeconds(30)), Is.Empty);
            Assert.That(await File.ReadAllTextAsync(Path.Combine(group, "pids.events")), Does.Match("max [1-9]"), "the limit was reached");
        }
        finally
        {
            await Machine.RemoveControlGroupAsync(group);
        }
    }

    [Test]
    public async Task What_was_used_is_told_of_a_process_and_of_the_scope()
    {
        await RequireControlGroupsAsync();
        await using var scope = ProcessScope.Open("busy");
        const string Busy = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";

        var first = await ProcessRunner.RunAsync(Command.Of("sh", "-c", Busy), _ => { }, scope);
        var second = await ProcessRunner.RunAsync(Command.Of("true"), _ => { }, scope);

        Assert.That(first.Usage!.CpuTime, Is.GreaterThan(TimeSpan.Zero));
        Assert.That(second.Usage!.CpuTime, Is.LessThan(first.Usage.CpuTime), "a process is not charged with the one before");
        Assert.That(scope.Usage()!.CpuTime, Is.GreaterThanOrEqualTo(first.Usage.CpuTime + second.Usage.CpuTime));
    }

    [Test]
    public async Task Memory_of_what_runs_is_seen()
    {
        await using var scope = ProcessScope.Open("memory");
        await ProcessRunner.RunAsync(
            Command.Of(
                "sh", "-c", "(exec 2>/dev/null; exec >/dev/null; x=$(head -c 20000000 /dev/zero | tr '\\0' x); while :; do sleep 100; "
                    + "done) &"), _ => { }, scope);

        await Until.TrueAsync(() => scope.ResidentBytes() >= 20_000_000);
    }

    [TestCase(
        "/system.slice/buildd-slave.service/slave",
        new[] { "/system.slice/buildd-slave.service", "/system.slice/buildd-slave.service/slave" })]
    [TestCase("/system.slice/buildd-slave.service", new[] { "/system.slice/buildd-slave.service" })]
    [TestCase("/user.slice/user-0.slice/session-1.scope", new[] { "/user.slice/user-0.slice/session-1.scope" })]
    [TestCase("/", new[] { "/" })]
    [TestCase("/docker/0123", new[] { "/docker/0123" })]
    public void Groups_are_made_beside_our_own_only_in_a_unit_that_has_one_for_us(string own, string[] places) =>
        Assert.That(ControlGroup.PlacesFor(own), Is.EqualTo(places));

    private static async Task StopWhenReadyAsync(ProcessScope scope, string script)
    {
        using var stop = new CancellationTokenSource();
        var command = Command.Of("sh", "-c", script) with { StopGrace = TimeSpan.FromMilliseconds(100) };
        var run = ProcessRunner.RunAsync(
            command,
            bytes =>
            {
                if (bytes.IndexOf("ready"u8) >= 0)
                    stop.Cancel();
            },
            scope, stop.Token);
        Assert.That(async () => await run, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void The_table_tells_of_a_process_and_not_of_one_that_is_not()
    {
        Assert.That(ProcessTable.Describe(Environment.ProcessId)?.State, Is.Not.Null);
        Assert.That(ProcessTable.Describe(int.MaxValue), Is.Null);
    }

    private static async Task RequireControlGroupsAsync() => Machine.Require(
        await Machine.HasControlGroupsAsync(), "a writable version 2 control group hierarchy: run as root where cgroup2 is mounted");
}

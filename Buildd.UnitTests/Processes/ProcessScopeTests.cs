using Buildd.Processes;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Processes;

[Parallelizable(ParallelScope.All)]
[CancelAfter(60_000)]
public class ProcessScopeTests
{
    [Test]
    public async Task Ends_what_forked_away_into_a_session_of_its_own()
    {
        await RequireControlGroupsAsync();
        await using var scope = ProcessScope.Open("forks");
        await ProcessRunner.RunAsync(Command.Of("sh", "-c", "setsid sh -c 'trap \"\" TERM; while :; do sleep 100; done' >/dev/null 2>&1 &"), _ => { }, scope);
        Assert.That(scope.Alive(), Is.Not.Empty);

        var left = await scope.KillAllAsync(TimeSpan.FromSeconds(30));

        Assert.That(left, Is.Empty);
        Assert.That(scope.Alive(), Is.Empty);
    }

    [TestCase("setsid sh -c 'trap \"\" TERM; while :; do sleep 100; done' >/dev/null 2>&1 &", 2)]
    [TestCase("setsid sh -c '(setsid sleep 100 >/dev/null 2>&1 &)'", 1)]
    [TestCase("exec >/dev/null 2>&1; setsid sh -c 'env -i sh -c \"sleep 100; :\"; :' & sleep 0.3", 3, Description = "children that have emptied their environment")]
    public async Task Ends_the_same_without_a_control_group(string script, int processes)
    {
        await using var scope = ProcessScope.Open("forks", withControlGroup: false);
        Assert.That(scope.HasControlGroup, Is.False);
        await ProcessRunner.RunAsync(Command.Of("sh", "-c", script), _ => { }, scope);
        while (scope.Alive().Count < processes)
            await Task.Delay(10, TestContext.CurrentContext.CancellationToken);

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
            Command.Of("sh", "-c", $"mkdir -p {group}/a/b && (sleep 100 >/dev/null 2>&1 & echo $! > {group}/a/b/cgroup.procs)"), _ => { }, scope);

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
            $"cd {root.Path} && mkdir dev && : > dev/null && for f in /bin/sh /bin/sleep $(ldd /bin/sh /bin/sleep | grep -o '/[^ )]*'); do [ -f $f ] && mkdir -p .$(dirname $f) && cp -L $f .$f; done; :"));
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
    public void The_table_tells_of_a_process_and_not_of_one_that_is_not()
    {
        Assert.That(ProcessTable.Describe(Environment.ProcessId)?.State, Is.Not.Null);
        Assert.That(ProcessTable.Describe(int.MaxValue), Is.Null);
    }

    private static async Task RequireControlGroupsAsync() => Machine.Require(
        await Machine.HasControlGroupsAsync(), "a writable version 2 control group hierarchy: run as root where cgroup2 is mounted");
}

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

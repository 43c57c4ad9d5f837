using Buildd.Backends.Root;
using Buildd.Linux.Processes;
using Buildd.Testing.Runs;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Root;

/// <summary>The booting of containers, and the removal of the traces of one that was killed.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class RootContainerTests : RootExecutorFixture
{
    [Test]
    public void Nothing_is_booted_without_its_door()
    {
        Directory.CreateDirectory(Chroot);

        Refuses(new RootOperation.Boot("1", true), ".door' is not there");

        Directory.CreateSymbolicLink(Path.Combine(Build, ".door"), _folder["outside"]);
        Refuses(new RootOperation.Boot("1", true), "symbolic link");
    }

    [Test]
    public async Task Nothing_is_booted_that_is_mounted_in()
    {
        Directory.CreateDirectory(Path.Combine(Build, ".door"));
        foreach (var name in (string[])["proc", "dev/pts", "dev/shm", "sys"])
            Directory.CreateDirectory(Path.Combine(Chroot, name));
        Assert.That(await RunAsync(new RootOperation.Mount("1")), Is.Zero);

        Refuses(new RootOperation.Boot("1", true), "still mounted");

        Assert.That(await RunAsync(new RootOperation.Unmount("1")), Is.Zero);
    }

    [Test]
    public async Task A_chroot_without_an_init_does_not_boot_and_leaves_nothing()
    {
        Machine.Require(File.Exists("/usr/bin/systemd-nspawn"), "systemd-nspawn, of the package systemd-container");
        Directory.CreateDirectory(Path.Combine(Build, ".door"));
        Directory.CreateDirectory(Chroot + "/etc");
        using var build = OpenedPath.Open(Build);

        Assert.That(await RunAsync(new RootOperation.Boot("1", true)), Is.Not.Zero);

        Assert.That(await RunAsync(new RootOperation.Kill("1")), Is.Zero);
        Assert.That(new BootedContainer(build).Stage, Does.Not.Exist);
        Assert.That(File.ReadAllText("/proc/self/mountinfo"), Does.Not.Contain(_folder.Path));
    }

    [Test]
    public async Task What_a_container_has_left_that_was_killed_is_removed_and_nothing_else()
    {
        Directory.CreateDirectory(Path.Combine(Build, ".door"));
        Directory.CreateDirectory(Chroot);
        using var build = OpenedPath.Open(Build);
        using var chroot = OpenedPath.Open(Chroot);
        var container = new BootedContainer(build);
        string[] traces =
        [
            $"/run/systemd/nspawn/locks/inode-{chroot.Identity}", $"/run/systemd/nspawn/propagate/{container.Name}/.",
            $"{container.Stage}/root/.", $"{container.Stage}/door/.",
            $"{container.Stage}/.#root.lck",
        ];
        var other = $"/run/systemd/nspawn/locks/inode-0:{Environment.ProcessId}";
        foreach (var trace in traces.Append(other))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(trace)!);
            if (!trace.EndsWith('.'))
                File.WriteAllText(trace, "");
        }

        Assert.That(await RunAsync(new RootOperation.Kill("1")), Is.Zero);

        Assert.That(traces.Where(trace => Path.Exists(trace.TrimEnd('.'))), Is.Empty);
        Assert.That(container.Stage, Does.Not.Exist);
        Assert.That(other, Does.Exist);
        File.Delete(other);
    }

    [Test]
    public async Task A_killed_container_is_waited_for_until_the_last_of_it_has_left_its_group(CancellationToken cancellationToken)
    {
        var id = $"{nameof(RootExecutorTests)}-{Guid.NewGuid():N}";
        Directory.CreateDirectory(_folder[$"work/build-{id}"]);
        using var build = OpenedPath.Open(_folder[$"work/build-{id}"]);
        var stage = Directory.CreateDirectory(new BootedContainer(build).Stage).FullName;
        await using var scope = ProcessScope.Open(id);
        Machine.Require(scope.JoinFile is not null, "control groups: a mounted cgroup2");
        var group = Path.Combine(Path.GetDirectoryName(scope.JoinFile)!, "payload");
        Directory.CreateDirectory(group);
        await ProcessRunner.CaptureAsync(Command.Of("mkfifo", _folder["go"]), cancellationToken);
        var leaving = ProcessRunner.RunAsync(
            Command.Of("sh", "-c", $"echo $$ > {group}/cgroup.procs; read go < {_folder["go"]}"), _ => { },
            cancellationToken: cancellationToken);
        await Until.TrueAsync(() => File.ReadAllText($"{group}/cgroup.procs").Length != 0);

        // no deadline passes, however slow the machine is
        var killing = RunAsync(new RootOperation.Kill(id), time: new FixedTime(DateTimeOffset.UnixEpoch));
        await Until.TrueAsync(() => !Directory.Exists(stage)); // what goes before the groups
        Assert.That(killing.IsCompleted, Is.False);
        await File.WriteAllTextAsync(_folder["go"], "\n", cancellationToken);

        Assert.That(await killing, Is.Zero);
        Assert.That(group, Does.Not.Exist);
        await leaving;
    }
}

using Buildd.Backends.Root;
using Buildd.Linux.Files;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Root;

/// <summary>Mounts of privileged operations, and the places where they refuse to mount.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class RootMountTests : RootExecutorFixture
{
    [TestCase("proc")]
    [TestCase("dev")]
    [TestCase("dev/pts")]
    public void Nothing_is_mounted_on_a_link(string point)
    {
        foreach (var name in (string[])["proc", "dev/pts", "dev/shm", "sys"])
        {
            if (!name.StartsWith(point, StringComparison.Ordinal))
                Directory.CreateDirectory(Path.Combine(Chroot, name));
        }

        Directory.CreateDirectory(_folder["outside/pts"]);
        Directory.CreateDirectory(_folder["outside/shm"]);
        Directory.CreateSymbolicLink(Path.Combine(Chroot, point), _folder["outside"]);

        try
        {
            Refuses(new RootOperation.Mount("1"), "symbolic link");
            Assert.That(
                File.ReadLines("/proc/self/mountinfo")
                    .Where(line => line.Contains(_folder["outside"], StringComparison.Ordinal)), Is.Empty);
        }
        finally
        {
            Assert.That(RunAsync(new RootOperation.Unmount("1")).Result, Is.Zero);
        }
    }

    [Test]
    public async Task What_is_missing_in_dev_is_made()
    {
        Directory.CreateDirectory(Build);
        File.Copy(Cases.PathOf("chroot-dev-empty", "chroot.tar.gz"), _folder["cache/" + Sum]);
        Assert.That(await RunAsync(new RootOperation.Unpack("1", Tarball)), Is.Zero);
        try
        {
            Assert.That(await RunAsync(new RootOperation.Mount("1")), Is.Zero);

            Assert.That(
                File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' ')[4]).Where(
                    point => point.StartsWith(Chroot, StringComparison.Ordinal)),
                Is.EquivalentTo(new[] { "proc", "sys", "dev/pts", "dev/shm" }.Select(point => Path.Combine(Chroot, point))));
        }
        finally
        {
            Assert.That(await RunAsync(new RootOperation.Unmount("1")), Is.Zero);
        }
    }

    [Test]
    public async Task What_somebody_uses_all_the_time_is_taken_out_of_the_folder()
    {
        foreach (var name in (string[])["proc", "dev/pts", "dev/shm", "sys"])
            Directory.CreateDirectory(Path.Combine(Chroot, name));
        Assert.That(await RunAsync(new RootOperation.Mount("1")), Is.Zero);
        using var busy = File.OpenHandle(Path.Combine(Chroot, "proc", "version"));

        Assert.That(await RunAsync(new RootOperation.Unmount("1"), time: new ManualTimeProvider { SkipsWaits = true }), Is.Zero);

        Assert.That(File.ReadLines("/proc/self/mountinfo").Where(line => line.Contains(Chroot, StringComparison.Ordinal)), Is.Empty);
        Assert.That(await RunAsync(new RootOperation.Remove("1")), Is.Zero);
        Assert.That(Directory.Exists(Chroot), Is.False);
    }

    [Test]
    public async Task The_link_that_old_releases_have_for_shared_memory_becomes_a_folder()
    {
        foreach (var name in (string[])["proc", "dev/pts", "sys"])
            Directory.CreateDirectory(Path.Combine(Chroot, name));
        Directory.CreateSymbolicLink(Path.Combine(Chroot, "dev", "shm"), "/run/shm");
        try
        {
            Assert.That(await RunAsync(new RootOperation.Mount("1")), Is.Zero);

            Assert.That(
                File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' ')[4]), Has.Member(Path.Combine(Chroot, "dev/shm")));
        }
        finally
        {
            Assert.That(await RunAsync(new RootOperation.Unmount("1")), Is.Zero);
        }
    }

    [Test]
    public async Task A_folder_of_the_configuration_can_be_read_inside_and_not_written()
    {
        Directory.CreateDirectory(_folder["outside/one"]);
        File.WriteAllText(_folder["outside/one/file"], "read");
        Directory.CreateDirectory(Path.Combine(Chroot, "branch"));
        var place = Place with { ReadableFolders = [_folder["outside"]] };
        try
        {
            Assert.That(await RunAsync(new RootOperation.Bind("1", _folder["outside/one"], "/branch"), place), Is.Zero);

            Assert.That(File.ReadAllText(Path.Combine(Chroot, "branch", "file")), Is.EqualTo("read"));
            Assert.That(() => File.WriteAllText(Path.Combine(Chroot, "branch", "file"), "x"), Throws.Exception);
            var options = File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' '))
                .Single(fields => fields[4] == Path.Combine(Chroot, "branch"))[5];
            Assert.That(options.Split(','), Is.SupersetOf(new[] { "ro", "nosuid", "nodev", "noexec" }));
        }
        finally
        {
            Assert.That(await RunAsync(new RootOperation.Unmount("1")), Is.Zero);
        }

        Assert.That(File.ReadAllText(_folder["outside/one/file"]), Is.EqualTo("read"));
        Assert.That(Directory.GetFileSystemEntries(Path.Combine(Chroot, "branch")), Is.Empty);
    }

    [Test]
    public void A_folder_that_no_build_may_read_is_not_bound()
    {
        Directory.CreateDirectory(Path.Combine(Chroot, "branch"));
        Directory.CreateDirectory(_folder["outside-too"]);
        Directory.CreateSymbolicLink(_folder["outside/link"], "/etc");
        var place = Place with { ReadableFolders = [_folder["outside"]] };

        Refuses(new RootOperation.Bind("1", "/etc", "/branch"), "is in no folder that builds may read", place);
        Refuses(new RootOperation.Bind("1", _folder["outside-too"], "/branch"), "is in no folder that builds may read", place);
        Refuses(new RootOperation.Bind("1", _folder["outside/link"], "/branch"), "symbolic link", place);
        Refuses(new RootOperation.Bind("1", _folder["outside"], "/branch"), "is in no folder that builds may read");
    }

    [Test]
    public async Task A_loop_device_on_a_file_of_the_build_is_detached_with_what_is_mounted_of_it()
    {
        Machine.Require(CurrentUser.IsRoot && File.Exists("/dev/loop-control"), "root and loop devices");
        Directory.CreateDirectory(Path.Combine(Chroot, "inner"));
        var device = (await ProcessRunner.CaptureAsync(Command.Of("sh", "-e", "-c",
            "truncate -s 16M disk; mkfs.ext2 -q -F disk; loop=$(losetup -f --show disk); mount $loop inner; rm disk; echo $loop") with
        { WorkingDirectory = Chroot })).Trim();
        Assert.That(LoopDevices.On(Build), Is.EqualTo(new[] { device }), "also when the file was deleted");
        Assert.That(LoopDevices.On(Build + "2"), Is.Empty);

        Assert.That(await RunAsync(new RootOperation.Unmount("1")), Is.Zero);

        Assert.That(LoopDevices.On(Build), Is.Empty);
        Assert.That(File.ReadLines("/proc/self/mountinfo").Where(line => line.Contains(Build, StringComparison.Ordinal)), Is.Empty);
    }
}

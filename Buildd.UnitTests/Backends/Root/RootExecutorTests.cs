using Buildd.Backends.Root;
using Buildd.Linux.Processes;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Root;

/// <summary>What privileged operations make of folders and files that are not what they should be.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class RootExecutorTests : IDisposable
{
    private const string Sum = "0123456789abcdef0123456789abcdef01234567";
    private const uint Other = 12345;
    private readonly TemporaryDirectory _folder = new();

    public RootExecutorTests()
    {
        foreach (var name in (string[])["work", "cache", "schroot", "outside"])
            Directory.CreateDirectory(_folder[name]);
        File.WriteAllText(_folder["outside/kept"], "kept");
    }

    private string Build => _folder["work/build-1"];

    private string Chroot => Path.Combine(Build, "chroot-autobuild");

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task A_tarball_is_unpacked_and_of_it_only_the_chroot()
    {
        await MakeTarballAsync("mkdir -p chroot-autobuild/etc; echo inside > chroot-autobuild/etc/file; echo evil > x.dsc; chown 1:1 chroot-autobuild; chown 7:8 chroot-autobuild/etc/file");
        Directory.CreateDirectory(Build);

        Assert.That(await RunAsync(new RootOperation.Unpack("1", Sum)), Is.Zero);

        Assert.That(Directory.GetFileSystemEntries(Build), Is.EqualTo(new[] { Chroot }));
        Assert.That(await ProcessRunner.CaptureAsync(Command.Of("stat", "-c", "%u:%g", Chroot, Chroot + "/etc/file")), Is.EqualTo("0:0\n7:8\n"), "the top folder is root's, all else as it was");
    }

    [Test]
    public async Task A_file_that_is_no_tarball_is_an_exit_code()
    {
        await File.WriteAllTextAsync(_folder[$"cache/{Sum}"], "this is no tarball");
        Directory.CreateDirectory(Build);

        Assert.That(await RunAsync(new RootOperation.Unpack("1", Sum)), Is.EqualTo(2));
        Assert.That(await RunAsync(new RootOperation.Remove("1")), Is.Zero);
        Assert.That(Directory.GetFileSystemEntries(Build), Is.Empty);
    }

    [TestCase("mkdir other", "has no top folder chroot-autobuild")]
    [TestCase("ln -s / chroot-autobuild", "symbolic link")]
    [TestCase("echo > chroot-autobuild", "is no folder")]
    public async Task A_tarball_without_the_folder_is_refused(string content, string reason)
    {
        await MakeTarballAsync(content);
        Directory.CreateDirectory(Build);

        Refuses(new RootOperation.Unpack("1", Sum), reason);
        Assert.That(Chroot, Does.Not.Exist);
    }

    [Test]
    public async Task What_an_unpacking_before_left_is_not_unpacked_over()
    {
        // Two tarballs: the first leaves a link, the second would go through it.
        await MakeTarballAsync($"ln -s {_folder["outside"]} chroot-autobuild");
        Directory.CreateDirectory(Build);
        Refuses(new RootOperation.Unpack("1", Sum), "symbolic link");
        await MakeTarballAsync("mkdir chroot-autobuild; echo evil > chroot-autobuild/kept", "chroot-autobuild/kept");

        Assert.That(await RunAsync(new RootOperation.Unpack("1", Sum)), Is.Zero);

        Assert.That(File.ReadAllText(_folder["outside/kept"]), Is.EqualTo("kept"));
    }

    [Test]
    public async Task A_chroot_that_is_there_is_not_unpacked_over()
    {
        await MakeTarballAsync("mkdir chroot-autobuild");
        Directory.CreateDirectory(Chroot);

        Refuses(new RootOperation.Unpack("1", Sum), "already");
    }

    [Test]
    public async Task A_place_to_unpack_that_somebody_made_is_not_used()
    {
        await MakeTarballAsync("mkdir chroot-autobuild");
        Directory.CreateDirectory(Build);
        Directory.CreateSymbolicLink(Path.Combine(Build, ".chroot-unpack"), _folder["outside"]);

        Assert.That(await RunAsync(new RootOperation.Unpack("1", Sum)), Is.Zero, "the link is removed, not followed");
        Assert.That(Directory.GetFileSystemEntries(_folder["outside"]), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task A_link_in_the_cache_is_not_followed()
    {
        await MakeTarballAsync("mkdir chroot-autobuild", sum: "tarball");
        File.CreateSymbolicLink(_folder[$"cache/{Sum}"], _folder["cache/tarball"]);
        Directory.CreateDirectory(Build);

        Refuses(new RootOperation.Unpack("1", Sum), "symbolic link");
    }

    [TestCase("mkdir")]
    [TestCase("mkfifo")]
    public async Task What_is_no_regular_file_of_the_cache_is_refused(string command)
    {
        await ProcessRunner.CaptureAsync(Command.Of(command, _folder[$"cache/{Sum}"]));
        Directory.CreateDirectory(Build);

        Refuses(new RootOperation.Unpack("1", Sum), "is no file of the cache");
    }

    [Test]
    public async Task A_file_of_somebody_else_in_the_cache_is_refused()
    {
        await MakeTarballAsync("mkdir chroot-autobuild");
        await ChownAsync(Other + 1, _folder[$"cache/{Sum}"]);
        Directory.CreateDirectory(Build);

        Refuses(new RootOperation.Unpack("1", Sum), "is no file of the cache");
    }

    private static IEnumerable<RootOperation> OfAChroot =>
    [
        new RootOperation.Mount("1"),
        new RootOperation.Write("1", "/file", 0),
        new RootOperation.Inside("1", 0, ["/bin/true"]),
        new RootOperation.Define("1"),
        new RootOperation.Booted("1"),
        new RootOperation.Boot("1", true),
    ];

    private static IEnumerable<RootOperation> All =>
        [.. OfAChroot, new RootOperation.Unpack("1", Sum), new RootOperation.Overlay("1", Sum), new RootOperation.Undefine("1"), new RootOperation.Kill("1"), new RootOperation.Unmount("1"), new RootOperation.Remove("1")];

    [TestCaseSource(nameof(All))]
    public void A_build_that_is_not_there_is_refused(object operation) => Refuses((RootOperation)operation, "is not there");

    [TestCaseSource(nameof(All))]
    public void A_link_in_place_of_the_build_s_folder_is_refused(object operation)
    {
        Directory.CreateDirectory(_folder["outside/chroot-autobuild"]);
        Directory.CreateSymbolicLink(Build, _folder["outside"]);

        Refuses((RootOperation)operation, "symbolic link");
        Assert.That(Directory.GetFileSystemEntries(_folder["outside"], "*", SearchOption.AllDirectories), Has.Length.EqualTo(2));
    }

    [TestCaseSource(nameof(All))]
    public async Task A_folder_of_somebody_without_builds_is_refused(object operation)
    {
        Directory.CreateDirectory(Chroot);
        await ChownAsync(Other + 1, Build);

        Refuses((RootOperation)operation, $"belongs to user {Other + 1}, who has no builds here");
    }

    [TestCaseSource(nameof(All))]
    public void A_file_in_place_of_the_build_s_folder_is_refused(object operation)
    {
        File.WriteAllText(Build, "");

        Refuses((RootOperation)operation, "is no folder");
    }

    [TestCaseSource(nameof(All))]
    public void A_link_on_the_way_to_the_work_folder_is_refused_where_others_could_have_put_it(object operation)
    {
        Directory.CreateDirectory(Chroot);
        Directory.CreateSymbolicLink(_folder["way"], _folder["work"]);

        Refuses((RootOperation)operation, "symbolic link", Place with { WorkDirectory = _folder["way"] });
    }

    [TestCaseSource(nameof(OfAChroot))]
    public void A_chroot_that_is_not_there_is_refused(object operation)
    {
        Directory.CreateDirectory(Build);

        Refuses((RootOperation)operation, "is not there");
        Assert.That(Directory.GetFiles(_folder["schroot"]), Is.Empty);
    }

    [TestCaseSource(nameof(OfAChroot))]
    public void A_link_in_place_of_the_chroot_is_refused(object operation)
    {
        Directory.CreateDirectory(Build);
        Directory.CreateSymbolicLink(Chroot, "/");

        Refuses((RootOperation)operation, "symbolic link");
    }

    [TestCaseSource(nameof(OfAChroot))]
    public async Task A_chroot_that_the_slave_s_user_made_is_refused(object operation)
    {
        Directory.CreateDirectory(Chroot);
        await ChownAsync(Other, Chroot);

        Refuses((RootOperation)operation, "it is no chroot that was unpacked here");
    }

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
            $"/run/systemd/nspawn/locks/inode-{chroot.Identity}", $"/run/systemd/nspawn/propagate/{container.Name}/.", $"{container.Stage}/root/.", $"{container.Stage}/door/.",
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
        var leaving = ProcessRunner.RunAsync(Command.Of("sh", "-c", $"echo $$ > {group}/cgroup.procs; read go < {_folder["go"]}"), _ => { }, cancellationToken: cancellationToken);
        while (File.ReadAllText($"{group}/cgroup.procs").Length == 0)
            await Task.Delay(10, cancellationToken);

        var killing = RunAsync(new RootOperation.Kill(id), time: new FixedTime(DateTimeOffset.UnixEpoch)); // no deadline passes, however slow the machine is
        while (Directory.Exists(stage)) // what goes before the groups
            await Task.Delay(10, cancellationToken);
        Assert.That(killing.IsCompleted, Is.False);
        await File.WriteAllTextAsync(_folder["go"], "\n", cancellationToken);

        Assert.That(await killing, Is.Zero);
        Assert.That(group, Does.Not.Exist);
        await leaving;
    }

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
            Assert.That(File.ReadLines("/proc/self/mountinfo").Where(line => line.Contains(_folder["outside"], StringComparison.Ordinal)), Is.Empty);
        }
        finally
        {
            Assert.That(RunAsync(new RootOperation.Unmount("1")).Result, Is.Zero);
        }
    }

    [Test]
    public async Task Operations_keep_their_order()
    {
        foreach (var name in (string[])["proc", "dev/pts", "dev/shm", "sys"])
            Directory.CreateDirectory(Path.Combine(Chroot, name));

        Assert.That(await RunAsync(new RootOperation.Mount("1")), Is.Zero);
        try
        {
            Assert.That(File.Exists(Path.Combine(Chroot, "proc/self/stat")));
            Refuses(new RootOperation.Mount("1"), "something mounted already");
            Refuses(new RootOperation.Remove("1"), "still mounted");
            Assert.That(Path.Combine(Chroot, "dev"), Does.Exist);
        }
        finally
        {
            Assert.That(await RunAsync(new RootOperation.Unmount("1")), Is.Zero);
        }

        Assert.That(File.ReadAllText("/proc/self/mountinfo"), Does.Not.Contain(_folder.Path));
        Assert.That(await RunAsync(new RootOperation.Unmount("1")), Is.Zero, "nothing to do is no failure");
        Assert.That(await RunAsync(new RootOperation.Remove("1")), Is.Zero);
        Assert.That(await RunAsync(new RootOperation.Remove("1")), Is.Zero);
        Assert.That(Directory.GetFileSystemEntries(Build), Is.Empty);
    }

    [Test]
    public async Task Removing_removes_a_link_and_not_what_it_leads_to()
    {
        Directory.CreateDirectory(Build);
        Directory.CreateSymbolicLink(Chroot, _folder["outside"]);

        Assert.That(await RunAsync(new RootOperation.Remove("1")), Is.Zero);

        Assert.That(_folder["outside/kept"], Does.Exist);
        Assert.That(Directory.GetFileSystemEntries(Build), Is.Empty);
    }

    [Test]
    public async Task Schroot_is_told_and_made_to_forget()
    {
        Directory.CreateDirectory(Chroot);

        Assert.That(await RunAsync(new RootOperation.Define("1")), Is.Zero);
        Assert.That(File.ReadAllText(_folder["schroot/build-1"]), Does.Contain($"\ndirectory={Chroot}\n"));
        Assert.That(await RunAsync(new RootOperation.Undefine("1")), Is.Zero);
        Assert.That(Directory.GetFiles(_folder["schroot"]), Is.Empty);
    }

    [Test]
    public async Task A_definition_of_another_build_stays()
    {
        Directory.CreateDirectory(Chroot);
        File.WriteAllText(_folder["schroot/build-1"], "[build-1]\ndirectory=/elsewhere\n");

        Refuses(new RootOperation.Define("1"), "belongs to another build");
        Assert.That(await RunAsync(new RootOperation.Undefine("1")), Is.Zero);
        Assert.That(_folder["schroot/build-1"], Does.Exist);
    }

    [Test]
    public void Root_s_own_folders_may_be_reached_through_links_that_root_put_there()
    {
        Directory.CreateDirectory(Chroot);
        Directory.CreateSymbolicLink(_folder["way"], _folder["work"]);

        var run = RunAsync(new RootOperation.Define("1"), Place with { WorkDirectory = _folder["way"], FollowsLinks = true });

        Assert.That(async () => await run, Is.Zero);
        Assert.That(File.ReadAllText(_folder["schroot/build-1"]), Does.Contain($"\ndirectory={Chroot}\n"), "the path without the link");
    }

    [Test]
    public async Task A_file_is_taken_out_without_a_copy_and_given_to_whose_the_build_is()
    {
        Directory.CreateDirectory(Path.Combine(Chroot, "build"));
        var path = Path.Combine(Chroot, "build", "livecd.x");
        await File.WriteAllTextAsync(path, "image");
        File.SetUnixFileMode(path, UnixFileMode.SetUser | UnixFileMode.UserExecute | UnixFileMode.OtherWrite);
        await ChownAsync(Other, Build);
        var inode = await ProcessRunner.CaptureAsync(Command.Of("stat", "-c", "%i", path));

        Assert.That(await RunAsync(new RootOperation.Take("1", "/build/livecd.x")), Is.Zero);

        var taken = Path.Combine(Build, BuildLayout.Taken);
        Assert.That(await ProcessRunner.CaptureAsync(Command.Of("stat", "-c", "%i %u %a", taken)), Is.EqualTo($"{inode.Trim()} {Other} 600\n"));
        Assert.That(path, Does.Not.Exist);
        await File.WriteAllTextAsync(path, "another");
        Refuses(new RootOperation.Take("1", "/build/livecd.x"), "already");
        Assert.That(await File.ReadAllTextAsync(taken), Is.EqualTo("image"));
    }

    [Test]
    public async Task A_file_with_another_name_is_copied_out()
    {
        Directory.CreateDirectory(Chroot);
        await File.WriteAllTextAsync(Path.Combine(Chroot, "kept"), "image");
        await ProcessRunner.CaptureAsync(Command.Of("ln", Path.Combine(Chroot, "kept"), Path.Combine(Chroot, "livecd.x")));

        Assert.That(await RunAsync(new RootOperation.Take("1", "/livecd.x")), Is.Zero);

        Assert.That(await ProcessRunner.CaptureAsync(Command.Of("stat", "-c", "%h", Path.Combine(Build, BuildLayout.Taken), Path.Combine(Chroot, "kept"))), Is.EqualTo("1\n1\n"));
        Assert.That(await File.ReadAllTextAsync(Path.Combine(Build, BuildLayout.Taken)), Is.EqualTo("image"));
        Assert.That(Path.Combine(Chroot, "livecd.x"), Does.Not.Exist);
    }

    [TestCase("ln -s OUTSIDE/kept livecd.x", "symbolic link")]
    [TestCase("mkfifo livecd.x", "no ordinary file")]
    [TestCase("mkdir livecd.x", "no ordinary file")]
    [TestCase("true", "is not there")]
    public async Task What_is_no_ordinary_file_is_not_taken_out(string command, string reason)
    {
        Directory.CreateDirectory(Chroot);
        await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", command.Replace("OUTSIDE", _folder["outside"], StringComparison.Ordinal)) with { WorkingDirectory = Chroot });

        Refuses(new RootOperation.Take("1", "/livecd.x"), reason);
        Assert.That(File.ReadAllText(_folder["outside/kept"]), Is.EqualTo("kept"));
    }

    [Test]
    public void A_folder_that_is_a_link_does_not_lead_out_when_a_file_is_taken()
    {
        Directory.CreateDirectory(Chroot);
        Directory.CreateSymbolicLink(Path.Combine(Chroot, "build"), _folder["outside"]);

        Refuses(new RootOperation.Take("1", "/build/kept"), "symbolic link");
        Assert.That(File.ReadAllText(_folder["outside/kept"]), Is.EqualTo("kept"));
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
            var options = File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' ')).Single(fields => fields[4] == Path.Combine(Chroot, "branch"))[5];
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

    private RootPlace Place => new()
    {
        WorkDirectory = _folder["work"],
        FileCacheDirectory = _folder["cache"],
        SchrootDirectory = _folder["schroot"],
        Owners = [Other],
    };

    private void Refuses(RootOperation operation, string reason, RootPlace? place = null) =>
        Assert.That(async () => await RunAsync(operation, place), Throws.TypeOf<RootOperationException>().With.Message.Contains(reason));

    private async Task<int> RunAsync(RootOperation operation, RootPlace? place = null, TimeProvider? time = null)
    {
        Machine.Require(CurrentUser.IsRoot, "root");
        await using var scope = ProcessScope.Open("root-test");
        return await new RootExecutor(place ?? Place, scope, _ => { }, time ?? TimeProvider.System).RunAsync(operation, default, CancellationToken.None);
    }

    /// <summary>Makes the tarball of a folder in which a command was run.</summary>
    private async Task MakeTarballAsync(string command, string content = "*", string sum = Sum)
    {
        var tree = Directory.CreateDirectory(_folder[$"tree-{Guid.NewGuid():N}"]).FullName;
        await ProcessRunner.CaptureAsync(
            Command.Of("sh", "-c", $"{command}; tar -czf \"$0\" {content}", _folder[$"cache/{sum}"]) with { WorkingDirectory = tree });
    }

    private static Task<string> ChownAsync(uint owner, string path) => ProcessRunner.CaptureAsync(Command.Of("chown", $"{owner}", path));
}

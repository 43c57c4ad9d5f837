using System.Globalization;
using System.Text;
using Buildd.Backends.Environments;
using Buildd.Backends.Root;
using Buildd.Linux.Processes;
using Buildd.Protocol;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Root;

/// <summary>Chroots that are unpacked once, and the overlays of builds on them.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(120_000)]
public sealed class RootOverlayTests : IAsyncDisposable
{
    private const string Sum = "0123456789abcdef0123456789abcdef01234567";
    private static readonly Sha1 Tarball = Sha1.Parse(Sum);
    private const uint Other = 12345;

    /// <summary>Its timers are real: a file system that is busy for a moment is waited for.</summary>
    private readonly FixedTime _clock = new(new DateTimeOffset(2026, 11, 20, 21, 30, 0, TimeSpan.Zero));

    private readonly TemporaryDirectory _folder;
    private readonly StringBuilder _said = new();

    public RootOverlayTests()
    {
        Machine.Require(CurrentUser.IsRoot, "root");
        _folder = new TemporaryDirectory("/var/tmp"); // /tmp may be of memory
        foreach (var name in (string[])["work/build-1", "work/build-2", "cache"])
            Directory.CreateDirectory(_folder[name]);
    }

    private string Base => _folder[$"work/bases/{Sum}"];

    private string BaseSystem => Path.Combine(Base, "system", "chroot-autobuild");

    private string Chroot => _folder["work/build-1/chroot-autobuild"];

    public async ValueTask DisposeAsync()
    {
        if (_folder is null)
            return;
        foreach (var id in (string[])["1", "2"])
        {
            if (Directory.Exists(_folder[$"work/build-{id}"]))
                await RunAsync(new RootOperation.Unmount(id));
        }

        _folder.Dispose();
    }

    [Test]
    public async Task A_build_changes_its_overlay_and_never_what_is_below()
    {
        await MakeTarballAsync(
            "mkdir -p chroot-autobuild/etc; chmod 751 chroot-autobuild; echo below > chroot-autobuild/etc/file; echo gone > "
                + "chroot-autobuild/etc/other");

        Assert.That(await RunAsync(new RootOperation.Overlay("1", Tarball)), Is.Zero, _said.ToString);
        Assert.That(_said.ToString(), Does.Contain("it is unpacked for all builds"));
        Assert.That(File.GetUnixFileMode(Chroot), Is.EqualTo((UnixFileMode)0b111_101_001));
        await File.WriteAllTextAsync(Path.Combine(Chroot, "etc/file"), "changed\n");
        File.Delete(Path.Combine(Chroot, "etc/other"));

        Assert.That(await File.ReadAllTextAsync(Path.Combine(BaseSystem, "etc/file")), Is.EqualTo("below\n"));
        Assert.That(await RunAsync(new RootOperation.Unmount("1")), Is.Zero);
        Assert.That(await RunAsync(new RootOperation.Remove("1")), Is.Zero);
        Assert.That(Directory.GetFileSystemEntries(_folder["work/build-1"]), Is.Empty);

        _said.Clear();
        Assert.That(await RunAsync(new RootOperation.Overlay("1", Tarball)), Is.Zero);
        Assert.That(_said.ToString(), Is.Empty, "nothing is unpacked again");
        Assert.That(await File.ReadAllTextAsync(Path.Combine(Chroot, "etc/file")), Is.EqualTo("below\n"));
        Assert.That(Path.Combine(Chroot, "etc/other"), Does.Exist);
    }

    [Test]
    public async Task A_folder_of_the_base_can_be_renamed_and_made_anew()
    {
        await MakeTarballAsync("mkdir -p chroot-autobuild/a/b; echo x > chroot-autobuild/a/b/file");
        await RunAsync(new RootOperation.Overlay("1", Tarball));

        Directory.Move(Path.Combine(Chroot, "a"), Path.Combine(Chroot, "c"));
        Directory.CreateDirectory(Path.Combine(Chroot, "a"));

        Assert.That(Directory.GetFileSystemEntries(Path.Combine(Chroot, "a")), Is.Empty);
        Assert.That(Path.Combine(Chroot, "c/b/file"), Does.Exist);
    }

    [Test]
    public async Task A_file_that_the_build_made_is_taken_out_without_a_copy()
    {
        await MakeTarballAsync("mkdir -p chroot-autobuild/build");
        await RunAsync(new RootOperation.Overlay("1", Tarball));
        await File.WriteAllTextAsync(Path.Combine(Chroot, "build/livecd.x"), "image");
        var inode =
            await ProcessRunner.CaptureAsync(Command.Of("stat", "-c", "%i", _folder["work/build-1/.chroot-overlay/upper/build/livecd.x"]));

        Assert.That(await RunAsync(new RootOperation.Take("1", "/build/livecd.x")), Is.Zero, _said.ToString);

        var taken = _folder["work/build-1/" + BuildLayout.Taken];
        Assert.That(await ProcessRunner.CaptureAsync(Command.Of("stat", "-c", "%i", taken)), Is.EqualTo(inode));
        Assert.That(await File.ReadAllTextAsync(taken), Is.EqualTo("image"));
        Assert.That(Path.Combine(Chroot, "build/livecd.x"), Does.Not.Exist);
    }

    [TestCase("echo more >> build/below; echo kept > build/kept; ln build/kept build/livecd.x", "/build/below", "below\nmore\n")]
    [TestCase("echo kept > build/livecd.x; ln build/livecd.x build/kept", "/build/livecd.x", "kept\n")]
    [TestCase("true", "/build/below", "below\n")]
    public async Task A_file_of_the_base_or_with_another_name_is_copied_out(string command, string path, string content)
    {
        await MakeTarballAsync("mkdir -p chroot-autobuild/build; echo below > chroot-autobuild/build/below");
        await RunAsync(new RootOperation.Overlay("1", Tarball));
        await ProcessRunner.CaptureAsync(Command.Of("sh", "-ec", command) with { WorkingDirectory = Chroot });

        Assert.That(await RunAsync(new RootOperation.Take("1", path)), Is.Zero, _said.ToString);

        Assert.That(await File.ReadAllTextAsync(_folder["work/build-1/" + BuildLayout.Taken]), Is.EqualTo(content));
        Assert.That(Chroot + path, Does.Not.Exist);
        Assert.That(await File.ReadAllTextAsync(Path.Combine(BaseSystem, "build/below")), Is.EqualTo("below\n"));
    }

    [Test]
    public async Task What_lies_on_another_file_system_in_the_overlay_is_copied_out()
    {
        await MakeTarballAsync("mkdir -p chroot-autobuild/build");
        await RunAsync(new RootOperation.Overlay("1", Tarball));
        await File.WriteAllTextAsync(Path.Combine(Chroot, "build/livecd.x"), "hidden");
        await ProcessRunner.CaptureAsync(Command.Of("mount", "-t", "tmpfs", "buildd-test", Path.Combine(Chroot, "build")));
        await File.WriteAllTextAsync(Path.Combine(Chroot, "build/livecd.x"), "image");

        Assert.That(await RunAsync(new RootOperation.Take("1", "/build/livecd.x")), Is.Zero, _said.ToString);

        Assert.That(await File.ReadAllTextAsync(_folder["work/build-1/" + BuildLayout.Taken]), Is.EqualTo("image"));
        Assert.That(await File.ReadAllTextAsync(_folder["work/build-1/.chroot-overlay/upper/build/livecd.x"]), Is.EqualTo("hidden"));
    }

    [Test]
    public async Task All_that_runs_in_a_chroot_runs_in_an_overlay()
    {
        await MakeTarballAsync("mkdir -p chroot-autobuild/proc chroot-autobuild/sys chroot-autobuild/dev/pts chroot-autobuild/dev/shm");
        await RunAsync(new RootOperation.Overlay("1", Tarball));

        Assert.That(await RunAsync(new RootOperation.Mount("1")), Is.Zero);
        Assert.That(Path.Combine(Chroot, "proc/self/stat"), Does.Exist);
        Assert.That(
            async () => await RunAsync(new RootOperation.Mount("1")), Throws.TypeOf<RootOperationException>()
                .With.Message.Contains("something mounted already"));
        Assert.That(
            async () => await RunAsync(new RootOperation.Remove("1")), Throws.TypeOf<RootOperationException>()
                .With.Message.Contains("still mounted"));
        Assert.That(await RunAsync(new RootOperation.Unmount("1")), Is.Zero);

        Assert.That(MountTable.Below(_folder.Path), Is.Empty);
    }

    [Test]
    public async Task Nobody_but_root_gets_into_a_base_or_what_a_build_changed()
    {
        await MakeTarballAsync("mkdir chroot-autobuild; echo > chroot-autobuild/su; chmod 4755 chroot-autobuild/su");
        await RunAsync(new RootOperation.Overlay("1", Tarball));

        foreach (var path in (string[])[BaseSystem + "/su", _folder["work/build-1/.chroot-overlay/upper"]])
        {
            var result = await ProcessRunner.RunAsync(
                Command.Of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", "test", "-e", path), _ => { });
            Assert.That(result.ExitCode, Is.EqualTo(1), path);
            Assert.That(path, Does.Exist);
        }
    }

    [Test]
    public async Task The_size_and_the_time_of_use_are_told_to_everybody()
    {
        await MakeTarballAsync("mkdir chroot-autobuild; head -c 300000 /dev/zero > chroot-autobuild/zero");
        await RunAsync(new RootOperation.Overlay("1", Tarball));
        _clock.Advance(TimeSpan.FromHours(1));
        await RunAsync(new RootOperation.Overlay("2", Tarball));

        var found = new ChrootBases(RootAccess.Direct, _folder["work"], _clock).List().Single();

        Assert.That(found.Sha1, Is.EqualTo(Tarball));
        Assert.That(found.Bytes, Is.InRange(300_000, 400_000));
        Assert.That(found.LastUse, Is.EqualTo(_clock.GetUtcNow()).Within(TimeSpan.FromSeconds(1)));
    }

    [Test]
    public async Task A_base_goes_when_it_is_dropped_and_never_while_it_is_in_use()
    {
        await MakeTarballAsync("mkdir chroot-autobuild");
        var bases = new ChrootBases(RootAccess.Direct, _folder["work"], _clock);
        await RunAsync(new RootOperation.Overlay("1", Tarball));

        Assert.That(
            async () => await bases.RemoveAsync(Tarball, default), Throws.TypeOf<IOException>().With.Message.Contains($"in use: {Chroot}"));
        Assert.That(Base, Does.Exist);
        await RunAsync(new RootOperation.Unmount("1"));
        await bases.RemoveAsync(Tarball, default);

        Assert.That(Directory.GetFileSystemEntries(_folder["work/bases"]), Is.Empty);
        Assert.That(bases.List(), Is.Empty);
        await bases.RemoveAsync(Tarball, default); // one that is gone is no failure
    }

    [TestCase("echo this is no tarball > $0; false", 2)]
    [TestCase(
        "mkdir chroot-autobuild; head -c 3000000 /dev/urandom > chroot-autobuild/x; tar -czf $0.whole *; head -c 1000000 $0.whole > $0; "
            + "false", 2)]
    public async Task A_tarball_that_is_none_or_cut_off_never_becomes_a_base(string command, int code)
    {
        await MakeTarballAsync(command);

        Assert.That(await RunAsync(new RootOperation.Overlay("1", Tarball)), Is.EqualTo(code));

        Assert.That(Directory.GetFileSystemEntries(_folder["work/bases"]), Is.Empty);
        Assert.That(await RunAsync(new RootOperation.Remove("1")), Is.Zero);
        Assert.That(Directory.GetFileSystemEntries(_folder["work/build-1"]), Is.Empty);
    }

    [Test]
    public async Task What_somebody_who_was_killed_left_half_unpacked_is_not_used_and_goes()
    {
        await MakeTarballAsync("mkdir chroot-autobuild; echo whole > chroot-autobuild/file");
        Directory.CreateDirectory(Path.Combine(Base + ".new", "system", "chroot-autobuild"));
        Directory.CreateDirectory(Path.Combine(Base + ".old", "system"));
        Directory.CreateDirectory(_folder["work/bases/try/upper"]);
        Directory.CreateDirectory(_folder["work/bases/kept"]);

        Assert.That(await RunAsync(new RootOperation.Overlay("1", Tarball)), Is.Zero);

        Assert.That(await File.ReadAllTextAsync(Path.Combine(Chroot, "file")), Is.EqualTo("whole\n"));
        Assert.That(
            Directory.GetFileSystemEntries(_folder["work/bases"]),
            Is.EquivalentTo(new[] { Base, Base + ".lock", _folder["work/bases/kept"] }));
    }

    [Test]
    public async Task An_unpacking_that_is_stopped_leaves_no_base()
    {
        await MakeTarballAsync("mkdir chroot-autobuild; head -c 400000000 /dev/zero > chroot-autobuild/zero");
        using var stop = new CancellationTokenSource();
        var run = RunAsync(new RootOperation.Overlay("1", Tarball), stop.Token);
        await Until.TrueAsync(() => Directory.Exists(Base + ".new") || run.IsCompleted);
        await stop.CancelAsync();

        Assert.That(async () => await run, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Directory.GetFileSystemEntries(_folder["work/bases"]), Is.Empty);
    }

    [TestCase("bases")]
    [TestCase("bases/" + Sum)]
    [TestCase("bases/" + Sum + "/system")]
    [TestCase("bases/" + Sum + "/system/chroot-autobuild")]
    public async Task A_base_that_somebody_else_made_is_not_used(string path)
    {
        await MakeTarballAsync("mkdir chroot-autobuild");
        await RunAsync(new RootOperation.Overlay("1", Tarball));
        await RunAsync(new RootOperation.Unmount("1"));
        await ProcessRunner.CaptureAsync(Command.Of("chown", $"{Other}", _folder["work/" + path]));

        Assert.That(
            async () => await RunAsync(new RootOperation.Overlay("2", Tarball)), Throws.TypeOf<RootOperationException>()
                .With.Message.Contains("is not root's alone"));

        await ProcessRunner.CaptureAsync(Command.Of("chown", "0", _folder["work/" + path]));
        await ProcessRunner.CaptureAsync(Command.Of("chmod", "o+w", _folder["work/" + path]));
        Assert.That(
            async () => await RunAsync(new RootOperation.Overlay("2", Tarball)), Throws.TypeOf<RootOperationException>()
                .With.Message.Contains("is not root's alone"));
    }

    [TestCase("bases")]
    [TestCase("bases/" + Sum)]
    public async Task A_link_in_place_of_a_base_is_not_followed(string path)
    {
        await MakeTarballAsync("mkdir chroot-autobuild");
        await RunAsync(new RootOperation.Overlay("1", Tarball));
        await RunAsync(new RootOperation.Unmount("1"));
        Directory.Move(_folder["work/" + path], _folder["elsewhere"]);
        Directory.CreateSymbolicLink(_folder["work/" + path], _folder["elsewhere"]);

        Assert.That(
            async () => await RunAsync(new RootOperation.Overlay("2", Tarball)), Throws.TypeOf<RootOperationException>()
                .With.Message.Contains("symbolic link"));
    }

    [Test]
    public async Task A_try_leaves_nothing_and_succeeds_where_the_kernel_can()
    {
        Assert.That(await RunAsync(new RootOperation.TryOverlay()), Is.Zero, _said.ToString);
        Assert.That(Directory.GetFileSystemEntries(_folder["work/bases"]), Is.Empty);
        Assert.That(MountTable.Below(_folder.Path), Is.Empty);
    }

    [Test]
    public async Task On_a_file_system_that_can_not_a_try_says_so()
    {
        // An overlay on an overlay: the upper part can't have what it needs there.
        await MakeTarballAsync("mkdir -p chroot-autobuild/work chroot-autobuild/cache");
        await RunAsync(new RootOperation.Overlay("1", Tarball));
        var trial = new OverlayTrial();

        var mistake = await trial.FindMistakeAsync(RootAccess.Direct, Path.Combine(Chroot, "work"), TimeProvider.System);

        Assert.That(mistake, Does.StartWith("the try ended with exit code").And.Contain("mount"));
        Assert.That(
            await trial.FindMistakeAsync(RootAccess.Direct, _folder["none"], TimeProvider.System), Is.SameAs(mistake), "it is tried once");
        Assert.That(Directory.GetFileSystemEntries(Path.Combine(Chroot, "work", "bases")), Is.Empty);
    }

    private RootPlace Place => new()
    {
        WorkDirectory = _folder["work"],
        FileCacheDirectory = _folder["cache"],
        Owners = [Other],
    };

    private async Task<int> RunAsync(RootOperation operation, CancellationToken cancellationToken = default)
    {
        await using var scope = ProcessScope.Open("root-test");
        return await new RootExecutor(Place, scope, bytes => _said.Append(Encoding.UTF8.GetString(bytes)), _clock)
            .RunAsync(operation, default, cancellationToken);
    }

    /// <summary>Makes the tarball of a folder in which a command was run; one that fails has made the file itself.</summary>
    private async Task MakeTarballAsync(string command)
    {
        var tree = Directory.CreateDirectory(_folder[$"tree-{Guid.NewGuid():N}"]).FullName;
        await ProcessRunner.CaptureAsync(
            Command.Of(
                "sh", "-c", string.Create(CultureInfo.InvariantCulture, $"({command}) && tar -czf $0 * || true"),
                _folder[$"cache/{Sum}"]) with
            { WorkingDirectory = tree });
    }
}

using Buildd.Backends.Root;
using Buildd.Linux.Processes;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Root;

/// <summary>The unpacking of chroots, and the tarballs that are refused.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class RootUnpackTests : RootExecutorFixture
{
    [Test]
    public async Task A_tarball_is_unpacked_and_of_it_only_the_chroot()
    {
        await MakeTarballAsync(
            "mkdir -p chroot-autobuild/etc; echo inside > chroot-autobuild/etc/file; echo evil > x.dsc; chown 1:1 chroot-autobuild; "
                + "chown 7:8 chroot-autobuild/etc/file");
        Directory.CreateDirectory(Build);

        Assert.That(await RunAsync(new RootOperation.Unpack("1", Tarball)), Is.Zero);

        Assert.That(Directory.GetFileSystemEntries(Build), Is.EqualTo(new[] { Chroot }));
        Assert.That(
            await ProcessRunner.CaptureAsync(Command.Of("stat", "-c", "%u:%g", Chroot, Chroot + "/etc/file")), Is.EqualTo(
                "0:0\n7:8\n"), "the top folder is root's, all else as it was");
    }

    [Test]
    public async Task A_file_that_is_no_tarball_is_an_exit_code()
    {
        await File.WriteAllTextAsync(_folder[$"cache/{Sum}"], "this is no tarball");
        Directory.CreateDirectory(Build);

        Assert.That(await RunAsync(new RootOperation.Unpack("1", Tarball)), Is.EqualTo(2));
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

        Refuses(new RootOperation.Unpack("1", Tarball), reason);
        Assert.That(Chroot, Does.Not.Exist);
    }

    [Test]
    public async Task What_an_unpacking_before_left_is_not_unpacked_over()
    {
        // Two tarballs: the first leaves a link, the second would go through it.
        await MakeTarballAsync($"ln -s {_folder["outside"]} chroot-autobuild");
        Directory.CreateDirectory(Build);
        Refuses(new RootOperation.Unpack("1", Tarball), "symbolic link");
        await MakeTarballAsync("mkdir chroot-autobuild; echo evil > chroot-autobuild/kept", "chroot-autobuild/kept");

        Assert.That(await RunAsync(new RootOperation.Unpack("1", Tarball)), Is.Zero);

        Assert.That(File.ReadAllText(_folder["outside/kept"]), Is.EqualTo("kept"));
    }

    [Test]
    public async Task A_chroot_that_is_there_is_not_unpacked_over()
    {
        await MakeTarballAsync("mkdir chroot-autobuild");
        Directory.CreateDirectory(Chroot);

        Refuses(new RootOperation.Unpack("1", Tarball), "already");
    }

    [Test]
    public async Task A_place_to_unpack_that_somebody_made_is_not_used()
    {
        await MakeTarballAsync("mkdir chroot-autobuild");
        Directory.CreateDirectory(Build);
        Directory.CreateSymbolicLink(Path.Combine(Build, ".chroot-unpack"), _folder["outside"]);

        Assert.That(await RunAsync(new RootOperation.Unpack("1", Tarball)), Is.Zero, "the link is removed, not followed");
        Assert.That(Directory.GetFileSystemEntries(_folder["outside"]), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task A_link_in_the_cache_is_not_followed()
    {
        await MakeTarballAsync("mkdir chroot-autobuild", sum: "tarball");
        File.CreateSymbolicLink(_folder[$"cache/{Sum}"], _folder["cache/tarball"]);
        Directory.CreateDirectory(Build);

        Refuses(new RootOperation.Unpack("1", Tarball), "symbolic link");
    }

    [TestCase("mkdir")]
    [TestCase("mkfifo")]
    public async Task What_is_no_regular_file_of_the_cache_is_refused(string command)
    {
        await ProcessRunner.CaptureAsync(Command.Of(command, _folder[$"cache/{Sum}"]));
        Directory.CreateDirectory(Build);

        Refuses(new RootOperation.Unpack("1", Tarball), "is no file of the cache");
    }

    [Test]
    public async Task A_file_of_somebody_else_in_the_cache_is_refused()
    {
        await MakeTarballAsync("mkdir chroot-autobuild");
        await ChownAsync(Other + 1, _folder[$"cache/{Sum}"]);
        Directory.CreateDirectory(Build);

        Refuses(new RootOperation.Unpack("1", Tarball), "is no file of the cache");
    }

    /// <summary>Makes the tarball of a folder in which a command was run.</summary>
    private async Task MakeTarballAsync(string command, string content = "*", string sum = Sum)
    {
        var tree = Directory.CreateDirectory(_folder[$"tree-{Guid.NewGuid():N}"]).FullName;
        await ProcessRunner.CaptureAsync(
            Command.Of("sh", "-c", $"{command}; tar -czf \"$0\" {content}", _folder[$"cache/{sum}"]) with { WorkingDirectory = tree });
    }
}

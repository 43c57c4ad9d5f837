using Buildd.Backends.Root;
using Buildd.Linux.Processes;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Root;

/// <summary>Files that are taken out of a chroot.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class RootTakeTests : RootExecutorFixture
{
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
        Assert.That(
            await ProcessRunner.CaptureAsync(Command.Of("stat", "-c", "%i %u %a", taken)), Is.EqualTo($"{inode.Trim()} {Other} 600\n"));
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

        Assert.That(
            await ProcessRunner.CaptureAsync(
                Command.Of("stat", "-c", "%h", Path.Combine(Build, BuildLayout.Taken), Path.Combine(Chroot, "kept"))),
                Is.EqualTo("1\n1\n"));
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
        await ProcessRunner.CaptureAsync(
            Command.Of(
                "sh", "-c", command.Replace("OUTSIDE", _folder["outside"], StringComparison.Ordinal)) with
            { WorkingDirectory = Chroot });

        Refuses(new RootOperation.Take("1", "/livecd.x"), reason);
        Assert.That(File.ReadAllText(_folder["outside/kept"]), Is.EqualTo("kept"));
    }

    [Test]
    public async Task A_link_that_the_build_puts_there_meanwhile_is_not_written_through()
    {
        Directory.CreateDirectory(Chroot);
        var taken = Path.Combine(Build, BuildLayout.Taken);
        await File.WriteAllTextAsync(Path.Combine(Chroot, "kept"), "hostile");
        using var stop = new CancellationTokenSource();
        var toggling = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                File.Delete(taken);
                try
                {
                    File.CreateSymbolicLink(taken, _folder["outside/kept"]);
                }
                catch (IOException)
                {
                    // what is being taken out has the name
                }
            }
        });
        for (var round = 0; round < 20; round++)
        {
            await ProcessRunner.CaptureAsync(Command.Of("ln", "-f", Path.Combine(Chroot, "kept"), Path.Combine(Chroot, "livecd.x")));
            try
            {
                await RunAsync(new RootOperation.Take("1", "/livecd.x"));
            }
            catch (RootOperationException)
            {
                // it was noticed
            }
        }

        await stop.CancelAsync();
        await toggling;
        Assert.That(await File.ReadAllTextAsync(_folder["outside/kept"]), Is.EqualTo("kept"));
    }

    [Test]
    public void A_folder_that_is_a_link_does_not_lead_out_when_a_file_is_taken()
    {
        Directory.CreateDirectory(Chroot);
        Directory.CreateSymbolicLink(Path.Combine(Chroot, "build"), _folder["outside"]);

        Refuses(new RootOperation.Take("1", "/build/kept"), "symbolic link");
        Assert.That(File.ReadAllText(_folder["outside/kept"]), Is.EqualTo("kept"));
    }
}

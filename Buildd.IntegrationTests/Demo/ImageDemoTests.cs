using System.Text;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Demo;

/// <summary>The program that <c>make demo-image</c> runs, as its user runs it.</summary>
[NonParallelizable]
[CancelAfter(600_000)]
public class ImageDemoTests
{
    private TemporaryDirectory _folder = null!;
    private string _work = null!;

    [SetUp]
    public async Task PrepareAsync()
    {
        BuildEnvironment.RequireBuildTools();
        Machine.Require(
            File.Exists("/usr/bin/git")
                && File.Exists("/usr/bin/unsquashfs"), "git and squashfs-tools: run 'make test', which installs them");
        await BuildEnvironment.DemoChrootAsync();
        _folder = new TemporaryDirectory();
        _work = Directory.CreateDirectory($"/var/tmp/buildd-test-{Guid.NewGuid():N}").FullName;
    }

    [TearDown]
    public void CleanUp()
    {
        if (_folder is null)
            return;
        _folder.Dispose();
        Directory.Delete(_work, recursive: true);
    }

    [TestCase("live-build", "bootstrap_debootstrap")]
    [TestCase("mmdebstrap", "install")]
    public async Task Makes_an_image_and_says_how_to_look_inside(string tool, string stage)
    {
        var output = new StringBuilder();

        var result = await ProcessRunner.RunAsync(Demo(tool), bytes => output.Append(Encoding.UTF8.GetString(bytes)));

        var text = output.ToString();
        Assert.That(result.ExitCode, Is.Zero, text);
        var image = Directory.GetFiles(_folder["out"], "livecd.demo.squashfs", SearchOption.AllDirectories).Single();
        var folder = Path.GetDirectoryName(image)!;
        Assert.That(folder, Does.Match(@"/out/\d{8}-\d{6}/archive/debian/[a-z]+/LIVEFSBUILD-1$"));
        Assert.That(Directory.GetFiles(folder).Select(Path.GetFileName), Is.SupersetOf(
            (string[])["livecd.demo.squashfs", "livecd.demo.manifest", "livecd.demo.size"]));
        Assert.That(
            text, Does.Contain(stage).And.Contain("100 %").And.Contain("==> livefs: ")
                .And.Contain($"livecd.demo.squashfs ({new FileInfo(image).Length:N0} bytes)"));
        foreach (
            var line in text.Split('\n').Select(line => line.Trim())
                .Where(line => line.StartsWith("unsquashfs ", StringComparison.Ordinal)))
            Assert.That(
                await ProcessRunner.CaptureAsync(Command.Of("sh", "-ec", line)), Does.Contain("/etc/os-release")
                    .Or.Contain("VERSION_CODENAME="), line);
        Assert.That(text, Does.Contain($"unsquashfs -l {image}").And.Contain($"cat {folder}/livecd.demo.manifest"));
        AssertNothingIsLeft();
    }

    /// <summary>What Ctrl-C does: SIGINT to the program, at the moment its output first has the sign.</summary>
    [TestCase("live-build", "% install")]
    [TestCase("live-build", "bootstrap_debootstrap")]
    [TestCase("mmdebstrap", "% essential")]
    public async Task Ctrl_C_leaves_nothing(string tool, string sign)
    {
        await BuildEnvironment.FillChrootCacheAsync(_folder["chroots"]);
        await using var run = await RunningProgram.StartAsync(Demo(tool).With("--chroot-cache", _folder["chroots"]), sign);

        await run.SignalAsync("INT");

        Assert.That(await run.EndAsync(), Is.EqualTo(130), run.Output);
        Assert.That(run.Output, Does.Contain("nothing is left running or mounted"));
        Assert.That(run.Alive, Is.Empty);
        AssertNothingIsLeft();
    }

    private Command Demo(string tool) => Command.Of(
        Repository.Program("buildd-demo"), "image", "--tool", tool, "--output", _folder["out"], "--work", _work, "--slave",
        Repository.Program("buildd-slave"), "--farm", Repository.Program("buildd-farm"));

    private void AssertNothingIsLeft() => Assert.Multiple(() =>
    {
        Assert.That(File.ReadAllText("/proc/mounts"), Does.Not.Contain(_work));
        Assert.That(ProcessTable.RootedAt(_work), Is.Empty);
        Assert.That(Directory.GetFileSystemEntries(_work), Is.Empty);
    });
}

using System.Text;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Demo;

/// <summary>The program that <c>make demo</c> runs, as its user runs it.</summary>
[NonParallelizable]
[CancelAfter(900_000)]
public class DemoTests
{
    private TemporaryDirectory _folder = null!;
    private string _work = null!;

    [SetUp]
    public void Prepare()
    {
        BuildEnvironment.RequireBuildTools();
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

    [Test]
    public async Task Builds_hello_from_the_machine_s_own_mirror()
    {
        await BuildEnvironment.DemoChrootAsync();
        var output = new StringBuilder();

        var result = await ProcessRunner.RunAsync(Demo("hello"), bytes => output.Append(Encoding.UTF8.GetString(bytes)));

        var text = output.ToString();
        Assert.That(result.ExitCode, Is.Zero, text);
        var deb = Directory.GetFiles(_folder["out"], "hello_*.deb", SearchOption.AllDirectories).Single();
        Assert.That(Path.GetDirectoryName(deb), Does.Match(@"/out/\d{8}-\d{6}/archive/debian/[a-z]+/PACKAGEBUILD-1$"));
        Assert.That(
            text, Does.Contain("$ buildd-farm builders add ").And.Contain("$ buildd-farm build ")
                .And.Contain("PACKAGEBUILD-1: Successfully built"));
        Assert.That(
            text, Does.Contain("==> sbuild: ").And.Contain("==> cleanup: ").And.Contain("Status: successful").And.Contain("Package: hello")
                .And.Contain("outside sbuild: "));
        Assert.That(text, Does.Contain($"{Path.GetFileName(deb)} ({new FileInfo(deb).Length:N0} bytes)"));
        foreach (
            var advice in text.Split(
                '\n').Select(line => line.Trim()).Where(line => line.StartsWith("dpkg-deb --contents", StringComparison.Ordinal)
                    || line.StartsWith("zless", StringComparison.Ordinal)).ToList())
            Assert.That(
                await ProcessRunner.CaptureAsync(
                    Command.Of("sh", "-ec", advice.Replace("zless", "zcat", StringComparison.Ordinal))), Does.Contain("hello"), advice);
        Assert.That(
            Directory.GetFiles(_folder["out"], "*.log", SearchOption.AllDirectories)
                .Select(Path.GetFileName), Is.EquivalentTo((string[])["slave.log", "farm.log"]));
        AssertNothingIsLeft();
    }

    [Test]
    public async Task A_package_that_is_not_there_is_said_plainly()
    {
        await BuildEnvironment.FillChrootCacheAsync(_folder["chroots"]);
        var output = new StringBuilder();

        var result = await ProcessRunner.RunAsync(
            Demo("no-such-package-of-ours").With("--chroot-cache", _folder["chroots"]), bytes =>
                output.Append(Encoding.UTF8.GetString(bytes)));

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(output.ToString(), Does.Contain("the source of no-such-package-of-ours could not be fetched"));
        AssertNothingIsLeft();
    }

    [Test]
    public async Task A_build_that_fails_shows_the_end_of_its_log_and_where_the_rest_is()
    {
        // What stands for the cached chroot passes for one, but can't be unpacked, so the build itself fails, for real.
        var chroots = Directory.CreateDirectory(_folder["chroots"]).FullName;
        await File.WriteAllBytesAsync(
            Path.Combine(chroots, Path.GetFileName(await BuildEnvironment.DemoChrootAsync())),
            SmallChroot.Tar([.. SmallChroot.Entries, SmallChroot.File("chroot-autobuild/bin/sh/below-a-file")]));
        var output = new StringBuilder();

        var result = await ProcessRunner.RunAsync(
            Demo("hello").With("--chroot-cache", chroots), bytes => output.Append(Encoding.UTF8.GetString(bytes)));

        var text = output.ToString();
        Assert.That(result.ExitCode, Is.EqualTo(1), text);
        var log = Directory.GetFiles(_folder["out"], "*.gz", SearchOption.AllDirectories).Single();
        var shown = text[text.IndexOf("The build failed:", StringComparison.Ordinal)..];
        Assert.That(
            shown, Does.Contain("CHROOTWAIT").And.Contain("The end of its log:").And.Contain(" ended with exit code 2")
                .And.Contain($"All of it: {log}"));
        AssertNothingIsLeft();
    }

    [TestCase("../etc")]
    [TestCase("-o")]
    [TestCase("Hello World")]
    public async Task A_name_that_is_none_is_refused(string name)
    {
        await BuildEnvironment.DemoChrootAsync();

        var result = await ProcessRunner.RunAsync(Demo(name), _ => { });

        Assert.That(result.ExitCode, Is.EqualTo(1));
        AssertNothingIsLeft();
    }

    /// <summary>What Ctrl-C does: SIGINT to the program, at the moment its output first has the sign.</summary>
    [TestCase("chroot: making", true)]
    [TestCase("\n    I: ", true)]
    [TestCase("slave: http", false)]
    [TestCase("$ buildd-farm setup", false)]
    [TestCase("PACKAGEBUILD-1: Needs building", false)]
    [TestCase("RUN: put an overlay", false)]
    [TestCase("RUN: mount ", false)]
    [TestCase("apt-get -uy", false)]
    [TestCase("| Build  ", false)]
    public async Task Ctrl_C_leaves_nothing(string sign, bool freshChroot)
    {
        if (!freshChroot)
            await BuildEnvironment.FillChrootCacheAsync(_folder["chroots"]);
        await using var run = await RunningProgram.StartAsync(Demo("hello").With("--chroot-cache", _folder["chroots"]), sign);

        await run.SignalAsync("INT");

        Assert.That(await run.EndAsync(), Is.EqualTo(130), run.Output);
        Assert.That(run.Output, Does.Contain("nothing is left running or mounted"));
        Assert.That(run.Alive, Is.Empty);
        AssertNothingIsLeft();
        if (freshChroot)
            Assert.That(Directory.GetFiles(_folder["chroots"]), Is.Empty, "half a tarball");
    }

    private Command Demo(string package) => Command.Of(
        Repository.Program("buildd-demo"), "package", $"--package={package}", "--output", _folder["out"], "--work", _work,
        "--slave", Repository.Program("buildd-slave"), "--farm", Repository.Program("buildd-farm"));

    private void AssertNothingIsLeft() => Assert.Multiple(() =>
    {
        Assert.That(File.ReadAllText("/proc/mounts"), Does.Not.Contain(_work));
        Assert.That(ProcessTable.RootedAt(_work), Is.Empty);
        Assert.That(Directory.GetFileSystemEntries(_work), Is.Empty);
        Assert.That(
            Directory.GetFiles("/etc/schroot/chroot.d")
                .Where(file => File.ReadAllText(file).Contains(_work, StringComparison.Ordinal)), Is.Empty);
    });
}

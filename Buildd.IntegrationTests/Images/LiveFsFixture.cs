using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Master;
using Buildd.Master.Jobs.LiveFs;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Images;

/// <summary>A slave that makes images, a server with a chroot and packages, and a master's library that drives it.</summary>
/// <param name="environment">What the images' systems are made of.</param>
public abstract class LiveFsFixture(string environment = LiveFsFixture.Overlay)
{
    private protected const string Chroot = "chroot";
    private protected const string Overlay = "overlay";

    private protected const string Project = "fixture";

    /// <summary>Packages that are kept between runs.</summary>
    private protected const string PackageCache = "/var/cache/buildd/image-packages";

    private BuildDriver? _driver;

    private protected BuildDriver Driver => _driver ??= new BuildDriver(Folder["results"]);

    private protected TemporaryDirectory Folder { get; private set; } = null!;

    private protected FileServer Server { get; private set; } = null!;

    /// <summary>The address of the archive; the images are made of it too.</summary>
    private protected string Mirror { get; private set; } = "";

    private protected SlaveDaemon Slave { get; set; } = null!;

    [SetUp]
    public async Task StartAsync()
    {
        BuildEnvironment.RequireBuildTools();
        Machine.Require(
            File.Exists("/usr/bin/unsquashfs")
                && File.Exists("/usr/bin/git"), "squashfs-tools and git: run 'make test', which installs them");
        _driver = null;
        Folder = new TemporaryDirectory();
        Directory.CreateDirectory(Folder["branches"]);
        Server = await FileServer.StartAsync();
        Mirror = await BuildEnvironment.MirrorAsync();
        Slave = await StartSlaveAsync();
    }

    [TearDown]
    public async Task StopAsync()
    {
        if (Slave is not null)
            await Slave.DisposeAsync();
        if (Server is not null)
            await Server.DisposeAsync();
        Folder?.Dispose();
        await RemoveUserAsync();
    }

    /// <summary>Takes back what <see cref="StartSlaveAsync"/> did to the machine.</summary>
    private protected virtual Task RemoveUserAsync() => Task.CompletedTask;

    /// <summary>More of the configuration: what is said of this kind of build.</summary>
    private protected string Section => $"[livefs]\nenvironment = {environment}\nfile-branches = {Folder["branches"]}\n";

    private protected virtual Task<SlaveDaemon> StartSlaveAsync() => SlaveDaemon.StartWithAsync(Section);

    /// <summary>For a build that makes an image of a release.</summary>
    private protected async Task<LiveFsArguments> ArgumentsAsync(params string[] moreArchives)
    {
        var (suite, architecture) = await BuildEnvironment.ReleaseAsync();
        return new LiveFsArguments
        {
            Series = suite,
            ArchTag = architecture,
            Project = Project,
            Archives = [$"deb {Mirror} {suite} main", .. moreArchives],
        };
    }

    /// <summary>For a build that installs its tools, and makes no system with them.</summary>
    private protected async Task<LiveFsArguments> SmallArgumentsAsync(params string[] moreArchives) =>
        await ArgumentsAsync() with { Archives = [await SmallArchive.ServeAsync(Server), .. moreArchives] };

    /// <summary>Launchpad's way, with a livecd-rootfs that has a recipe for that project.</summary>
    private protected async Task<LiveFsArguments> RecipesAsync(string project)
    {
        var (suite, _) = await BuildEnvironment.ReleaseAsync();
        var recipes = await StandInRecipes.ServeAsync(Server, Folder["recipes"], suite, Mirror);
        return (project == Project ? await ArgumentsAsync(recipes) : await SmallArgumentsAsync(recipes)) with { Project = project };
    }

    private protected async Task<DrivenBuild> BuildAsync(
        LiveFsArguments arguments, Func<MasterEvent, ValueTask>? observe = null, CancellationToken abort = default)
    {
        var chroot = await Server.AddAsync(await BuildEnvironment.ChrootAsync());
        var job = LiveFsJobKind.MakeJob(BuildDriver.NextCookie("LIVEFSBUILD"), chroot, arguments);
        return await Driver.RunAsync(Slave.Client, job, observe, abort);
    }

    private protected static Task<string> UnsquashAsync(DrivenBuild outcome, string path) =>
        ProcessRunner.CaptureAsync(Command.Of("unsquashfs", "-cat", Path.Combine(outcome.Folder!, $"livecd.{Project}.squashfs"), path));

    /// <summary>The image has a root that looks as if it would boot, and what stands beside it tells what is in it.</summary>
    private protected static async Task AssertImageAsync(DrivenBuild outcome)
    {
        var status = await UnsquashAsync(outcome, "var/lib/dpkg/status");
        var installed = status.Split("\n\n")
            .Where(paragraph => paragraph.Contains("\nStatus: install ok installed\n", StringComparison.Ordinal))
            .Select(paragraph => $"{Field(paragraph, "Package")} {Field(paragraph, "Version")}");
        var manifest = await File.ReadAllLinesAsync(Path.Combine(outcome.Folder!, $"livecd.{Project}.manifest"));
        Assert.That(
            manifest.Select(line => line.Replace('\t', ' ').Split(' ')).Select(words => $"{words[0].Split(':')[0]} {words[^1]}"),
            Is.EquivalentTo(installed), "the manifest is the image's list of packages");
        Assert.That(manifest, Has.Length.GreaterThan(50));
        var list =
            await ProcessRunner.CaptureAsync(Command.Of("unsquashfs", "-l", Path.Combine(outcome.Folder!, $"livecd.{Project}.squashfs")));
        Assert.That(list, Does.Contain("/etc/debian_version").And.Contain("/usr/bin/bash").And.Contain("/usr/lib/os-release"));
        var size = long.Parse(
            (await File.ReadAllTextAsync(Path.Combine(outcome.Folder!, $"livecd.{Project}.size")))
                .Trim(), System.Globalization.CultureInfo.InvariantCulture);
        Assert.That(size, Is.GreaterThan(new FileInfo(Path.Combine(outcome.Folder!, $"livecd.{Project}.squashfs")).Length));
    }

    private protected void AssertNothingIsLeft()
    {
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
        Assert.That(
            Directory.GetDirectories("/sys/block", "loop*").Select(device => Path.Combine(device, "loop", "backing_file"))
                .Where(File.Exists)
                .Select(File.ReadAllText).Where(file => file.Contains(Slave.Directory, StringComparison.Ordinal)),
            Is.Empty, "loop devices");
    }

    private static string Field(string paragraph, string name) =>
        paragraph.Split('\n').First(line => line.StartsWith(name + ": ", StringComparison.Ordinal))[(name.Length + 2)..];
}

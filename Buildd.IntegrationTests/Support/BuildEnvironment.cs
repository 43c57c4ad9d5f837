using System.Security.Cryptography;
using System.Text;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Support;

/// <summary>What the tests with real builds share: a chroot, sources, and the means to see that nothing is left behind.</summary>
internal static class BuildEnvironment
{
    private const string ChrootLock = "/run/lock/buildd-test-chroot";

    private static readonly Lazy<Task<string>> DemoChroot = new(MakeDemoChrootAsync);
    private static readonly Lazy<Task<string>> Chroot = new(MakeChrootAsync);
    private static readonly Lazy<Task<(string Suite, string Architecture)>> Release = new(ReadReleaseAsync);

    /// <summary>
    /// Makes the tarball of the builds from the one that people make, without what no build reads: it is unpacked a hundred times.
    /// </summary>
    private static readonly string SlimScript = Scripts.Text(typeof(BuildEnvironment), "Support/slim-chroot.sh");

    /// <summary>A tarball of this machine's release, compressed with zstd.</summary>
    internal static Task<string> ChrootAsync() => Chroot.Value;

    /// <summary>The tarball that the demo makes and uses.</summary>
    internal static Task<string> DemoChrootAsync() => DemoChroot.Value;

    /// <summary>Fills a folder for the demo's option <c>--chroot-cache</c>: where its tarball is looked for is the smaller one.</summary>
    internal static async Task FillChrootCacheAsync(string folder) => File.CreateSymbolicLink(
        Path.Combine(Directory.CreateDirectory(folder).FullName, Path.GetFileName(await DemoChrootAsync())), await ChrootAsync());

    internal static Task<(string Suite, string Architecture)> ReleaseAsync() => Release.Value;

    /// <summary>
    /// The address of the archive that builds install from: what scripts/test keeps of this machine's own archive, or that archive.
    /// </summary>
    internal static async Task<string> MirrorAsync() => Environment.GetEnvironmentVariable("BUILDD_TEST_ARCHIVE") is { Length: > 0 } kept
        ? kept
        : await MachineMirrorAsync();

    /// <summary>The line of a sources.list for this machine's release.</summary>
    internal static async Task<string> ArchiveAsync()
    {
        var (suite, _) = await ReleaseAsync();
        return $"deb {await MirrorAsync()} {suite} main";
    }

    /// <summary>The address of this machine's own archive, in its apt's words.</summary>
    internal static async Task<string> MachineMirrorAsync()
    {
        var (suite, _) = await ReleaseAsync();
        var targets = await ProcessRunner.CaptureAsync(
            Command.Of("apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)", "Created-By: Packages"));
        return targets.Split('\n').Select(line => line.Split(' ')).First(words => words[0] == suite)[1];
    }

    internal static void RequireBuildTools()
    {
        Machine.Require(CurrentUser.IsRoot, "root, for chroots and mounts");
        foreach (var tool in (string[])["/usr/bin/sbuild", "/usr/bin/schroot", "/usr/bin/mmdebstrap", "/usr/bin/dpkg-source"])
            Machine.Require(File.Exists(tool), $"{tool}: run 'make test', which installs it");
    }

    /// <summary>Waits until no other test process has the file, and keeps it until it is disposed of.</summary>
    internal static async Task<IDisposable> LockAsync(string path)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(100);
            }
        }
    }

    /// <summary>No process that lives below the folder, nothing mounted there, no definition of a chroot that is there.</summary>
    internal static void AssertNothingIsLeft(string directory)
    {
        Assert.Multiple(() =>
        {
            Assert.That(ProcessTable.RootedAt(directory), Is.Empty, "processes");
            Assert.That(
                File.ReadLines("/proc/self/mountinfo")
                    .Where(line => line.Contains(directory, StringComparison.Ordinal)), Is.Empty, "mounts");
            Assert.That(
                Directory.GetFiles("/etc/schroot/chroot.d")
                    .Where(file => File.ReadAllText(file).Contains(directory, StringComparison.Ordinal)),
                Is.Empty, "schroot definitions");
            Assert.That(
                Directory.GetDirectories(Path.Combine(directory, "home"))
                    .Select(Path.GetFileName), Is.SubsetOf((string[])["bases"]), "build folders");
            AssertBasesAreWhole(Path.Combine(directory, "home", "bases"));
        });
    }

    /// <summary>Nothing is there but what was unpacked as a whole, and by its tarball's sum.</summary>
    private static void AssertBasesAreWhole(string bases)
    {
        // A slave that has just started tries what its kernel can, and takes that away.
        string[] found = [];
        SpinWait.SpinUntil(
            () => !(found = Directory.Exists(bases) ? Directory.GetDirectories(bases) : [])
                .Contains(Path.Combine(bases, "try")), TimeSpan.FromSeconds(10));
        foreach (var one in found)
        {
            Assert.That(Path.GetFileName(one), Does.Match("^[0-9a-f]{40}$"), "a base that is on its way in or out");
            Assert.That(
                long.Parse(File.ReadAllText(Path.Combine(one, "size")).Trim(), System.Globalization.CultureInfo.InvariantCulture),
                Is.Not.Negative);
        }
    }

    /// <summary>One process makes it where several want it.</summary>
    private static async Task<string> MakeDemoChrootAsync() =>
        (await ProcessRunner.CaptureAsync(Command.Of("flock", ChrootLock, Repository.Program("buildd-farm"), "chroot"))).Trim();

    private static async Task<string> MakeChrootAsync()
    {
        Machine.Require(File.Exists("/usr/bin/zstd"), "/usr/bin/zstd: run 'make test', which installs it");
        var demo = await DemoChrootAsync();
        // The name says how it was made, so that another way makes another.
        var way = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(SlimScript)))[..8];
        var slim = Path.Combine(
            Path.GetDirectoryName(demo)!, $"test-{way}-" + Path.GetFileName(demo).Replace(".tar.gz", ".tar.zst", StringComparison.Ordinal));
        await ProcessRunner.CaptureAsync(Command.Of("flock", ChrootLock, "sh", "-c", SlimScript, "sh", demo, slim));
        return slim;
    }

    private static async Task<(string, string)> ReadReleaseAsync()
    {
        var suite = (await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME"))).Trim();
        return (suite, (await ProcessRunner.CaptureAsync(Command.Of("dpkg", "--print-architecture"))).Trim());
    }
}

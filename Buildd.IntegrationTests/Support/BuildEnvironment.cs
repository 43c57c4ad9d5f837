using Buildd.Processes;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Support;

/// <summary>What the tests with real builds share: a chroot, sources, and the means to see that nothing is left behind.</summary>
internal static class BuildEnvironment
{
    private static readonly Lazy<Task<string>> Chroot = new(MakeChrootAsync);
    private static readonly Lazy<Task<(string Suite, string Architecture)>> Release = new(ReadReleaseAsync);

    /// <summary>A tarball of this machine's release.</summary>
    internal static Task<string> ChrootAsync() => Chroot.Value;

    internal static Task<(string Suite, string Architecture)> ReleaseAsync() => Release.Value;

    /// <summary>The line of a sources.list for this machine's release and mirror.</summary>
    internal static async Task<string> ArchiveAsync()
    {
        var (suite, _) = await ReleaseAsync();
        var targets = await ProcessRunner.CaptureAsync(
            Command.Of("apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)", "Created-By: Packages"));
        var mirror = targets.Split('\n').Select(line => line.Split(' ')).First(words => words[0] == suite)[1];
        return $"deb {mirror} {suite} main";
    }

    internal static void RequireBuildTools()
    {
        Machine.Require(CurrentUser.IsRoot, "root, for chroots and mounts");
        foreach (var tool in (string[])["/usr/bin/sbuild", "/usr/bin/schroot", "/usr/bin/mmdebstrap", "/usr/bin/dpkg-source"])
            Machine.Require(File.Exists(tool), $"{tool}: run 'make test', which installs it");
    }

    /// <summary>No process that lives below the folder, nothing mounted there, no definition of a chroot that is there.</summary>
    internal static void AssertNothingIsLeft(string directory)
    {
        Assert.Multiple(() =>
        {
            Assert.That(ProcessTable.RootedAt(directory), Is.Empty, "processes");
            Assert.That(File.ReadLines("/proc/self/mountinfo").Where(line => line.Contains(directory, StringComparison.Ordinal)), Is.Empty, "mounts");
            Assert.That(
                Directory.GetFiles("/etc/schroot/chroot.d").Where(file => File.ReadAllText(file).Contains(directory, StringComparison.Ordinal)),
                Is.Empty, "schroot definitions");
            Assert.That(
                Directory.GetDirectories(Path.Combine(directory, "home")).Select(Path.GetFileName), Is.SubsetOf((string[])["bases"]), "build folders");
            AssertBasesAreWhole(Path.Combine(directory, "home", "bases"));
        });
    }

    /// <summary>Nothing is there but what was unpacked as a whole, and by its tarball's sum.</summary>
    private static void AssertBasesAreWhole(string bases)
    {
        // A slave that has just started tries what its kernel can.
        SpinWait.SpinUntil(() => !Directory.Exists(Path.Combine(bases, "try")), TimeSpan.FromSeconds(10));
        foreach (var one in Directory.Exists(bases) ? Directory.GetDirectories(bases) : [])
        {
            Assert.That(Path.GetFileName(one), Does.Match("^[0-9a-f]{40}$"), "a base that is on its way in or out");
            Assert.That(long.Parse(File.ReadAllText(Path.Combine(one, "size")).Trim(), System.Globalization.CultureInfo.InvariantCulture), Is.GreaterThan(0));
        }
    }

    private static async Task<string> MakeChrootAsync() =>
        (await ProcessRunner.CaptureAsync(Command.Of(Repository.Program("buildd-farm"), "chroot"))).Trim();

    private static async Task<(string, string)> ReadReleaseAsync()
    {
        var suite = (await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME"))).Trim();
        return (suite, (await ProcessRunner.CaptureAsync(Command.Of("dpkg", "--print-architecture"))).Trim());
    }
}

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
            Assert.That(Directory.GetDirectories(Path.Combine(directory, "home")), Is.Empty, "build folders");
        });
    }

    private static async Task<string> MakeChrootAsync() =>
        (await ProcessRunner.CaptureAsync(Command.Of(Repository.Program("buildd-farm"), "chroot"))).Trim();

    private static async Task<(string, string)> ReadReleaseAsync()
    {
        var suite = (await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME"))).Trim();
        return (suite, (await ProcessRunner.CaptureAsync(Command.Of("dpkg", "--print-architecture"))).Trim());
    }
}

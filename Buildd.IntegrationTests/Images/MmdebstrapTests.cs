using System.Security.Cryptography;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Protocol.XmlRpc;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Images;

/// <summary>
/// Root file systems by mmdebstrap, from packages that are kept on this machine, so that nothing changes between two builds.
/// </summary>
[NonParallelizable]
[CancelAfter(900_000)]
public class MmdebstrapTests : LiveFsFixture
{
    [Test]
    public async Task The_same_inputs_give_the_same_image()
    {
        var (suite, architecture) = await BuildEnvironment.ReleaseAsync();
        var archive = await ServePackagesAsync(suite, architecture);
        var arguments = (await ArgumentsAsync()) with
        {
            Archives = [archive],
            ImageTool = "mmdebstrap",
            DateStamp = "20240501",
            Others = new XmlRpcStruct { ["packages"] = new XmlRpcArray(["dctrl-tools"]) },
        };

        var first = await BuildAsync(arguments);
        Assert.That(first.Succeeded, first.Story);
        await AssertImageAsync(first);
        Assert.That(await File.ReadAllTextAsync(Path.Combine(first.Folder!, $"livecd.{Project}.manifest")), Does.Contain("dctrl-tools\t"));
        var second = await BuildAsync(arguments);

        Assert.That(second.Succeeded, second.Story);
        foreach (var file in (string[])["squashfs", "manifest", "size"])
            Assert.That(await SumAsync(second.Folder!, file), Is.EqualTo(await SumAsync(first.Folder!, file)), file);
        AssertNothingIsLeft();
    }

    private static async Task<string> SumAsync(string leaf, string ending)
    {
        await using var file = File.OpenRead(Path.Combine(leaf, $"livecd.{Project}.{ending}"));
        return Convert.ToHexString(await SHA256.HashDataAsync(file));
    }

    /// <summary>All that such a build installs and what is in the image, fetched once.</summary>
    private async Task<string> ServePackagesAsync(string suite, string architecture)
    {
        var folder = Path.Combine(PackageCache, $"{suite}-{architecture}");
        if (!Directory.Exists(folder))
        {
            // Under another name until it is whole.
            var mirror = await BuildEnvironment.MirrorAsync();
            var temporary = Directory.CreateDirectory($"{folder}.{Environment.ProcessId}").FullName;
            await ProcessRunner.CaptureAsync(
                Command.Of("mmdebstrap", "--variant=buildd", "--include=fakeroot,mmdebstrap,squashfs-tools-ng,dctrl-tools", "--format=null",
                    "--skip=download/empty,essential/unlink", "--setup-hook=mkdir -p \"$1/var/cache/apt/archives\"",
                    $"--customize-hook=sync-out /var/cache/apt/archives {temporary}", suite, "-", mirror)
                .WithEnvironment("TMPDIR", "/var/tmp").Behind("unshare", "--mount", "--propagation", "private", "--"));
            foreach (var left in Directory.GetFileSystemEntries(temporary).Where(path => !path.EndsWith(".deb", StringComparison.Ordinal)))
                await ProcessRunner.CaptureAsync(Command.Of("rm", "-rf", "--", left));
            Directory.Move(temporary, folder);
        }

        Assert.That(Directory.GetFiles(folder, "*.deb"), Has.Length.GreaterThan(100));
        var copy = Directory.CreateDirectory(Folder["packages"]).FullName;
        foreach (var package in Directory.GetFiles(folder, "*.deb"))
            File.CreateSymbolicLink(Path.Combine(copy, Path.GetFileName(package)), package);
        return await new PackageRepository(copy).ServeAsync(Server, suite);
    }
}

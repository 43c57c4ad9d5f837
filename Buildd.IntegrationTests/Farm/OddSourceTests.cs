using System.Security.Cryptography;
using System.Text;
using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Farm;

/// <summary>Sources whose names Debian allows and URLs or shells have a meaning for, from the command line to the slave.</summary>
[Parallelizable(ParallelScope.Self)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(120_000)]
public sealed class OddSourceTests
{
    private const string Dsc = "f++x_1.0~rc1+dfsg-1~bpo12+1.dsc";

    /// <summary>Several upstream tarballs, a signature, an epoch in a name, an empty file, and characters that dpkg-source takes.</summary>
    private static readonly (string Name, string Content)[] Files =
    [
        ("f++x_1.0~rc1+dfsg.orig.tar.gz", "main"), ("f++x_1.0~rc1+dfsg.orig.tar.gz.asc", "signature"),
        ("f++x_1.0~rc1+dfsg.orig-node-a.tar.xz", "component"), ("f++x_1:1.0~rc1,a=b.debian.tar.xz", "packaging"), ("f++x_1.0.empty", ""),
    ];

    [Test]
    public async Task Odd_names_and_linked_files_reach_the_slave_as_they_are()
    {
        await using var farm = new FarmProgram();
        await SmallChroot.WriteAsync(farm["a chroot #1 100%25 caf\u00e9.tar.gz"]);
        var (code, output) = await farm.DoAsync("chroots", "add", "bookworm", "amd64", farm["a chroot #1 100%25 caf\u00e9.tar.gz"]);
        Assert.That(code, Is.Zero, output);
        Directory.CreateDirectory(farm["pool"]);
        foreach (var (name, content) in Files)
        {
            await File.WriteAllTextAsync(farm["pool/" + name], content);
            File.CreateSymbolicLink(farm[name], farm["pool/" + name]);
        }

        await File.WriteAllTextAsync(
            farm[Dsc], "Format: 3.0 (quilt)\nSource: f++x\nVersion: 1:1.0~rc1+dfsg-1~bpo12+1\nBinary: f++x\nArchitecture: any all\n"
                + "Maintainer: X <x@example.org>\nVcs-Browser: https://u:p@example.org/?a=b%20c\nTestsuite: autopkgtest\n"
                + "Rules-Requires-Root: no\nPackage-List:\n f++x deb misc optional arch=any profile=!stage1+pkg.x.y essential=yes\nFiles:\n"
                + string.Concat(Files.Select(file => $" {Md5(file.Content)} {file.Content.Length} {file.Name}\n")));
        var got = new Dictionary<string, string>();
        await farm.AddSlaveAsync("bob", backend => backend.Script = async (context, abort) =>
        {
            foreach (var (name, path) in context.Request.Files)
                got.Add(name, await File.ReadAllTextAsync(path, abort));
            return new BuildOutcome(BuildStatus.PackageFail);
        });
        await using var run = await farm.StartAsync();

        (_, output) = await farm.DoAsync("build", farm[Dsc], "--wait");

        Assert.That((await farm.WithStoreAsync(store => store.Builds.FindAsync(1)))!.State, Is.EqualTo(BuildState.FailedToBuild), output);
        Assert.That(got.Keys, Is.EqualTo((string[])[Dsc, .. Files.Select(file => file.Name)]));
        Assert.That(Files.Where(file => got[file.Name] != file.Content), Is.Empty);
    }

    private static string Md5(string content) =>
        Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.MD5, Encoding.UTF8.GetBytes(content)));
}

using System.Security.Cryptography;
using System.Text;
using Buildd.Master.Builds;
using Buildd.Master.Jobs.Packages;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Commands;

/// <summary>A farm with chroots and source packages to be queued.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public abstract class BuildCommandFixture : IDisposable
{
    private protected FarmBench Farm { get; } =
        new("Sources: deb http://deb.example/debian %(series)s main\n deb http://deb.example/security %(series)s-security main\n");

    public void Dispose()
    {
        Farm.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected async Task AddChrootsAsync(params string[] architectures)
    {
        await SmallChroot.WriteAsync(Farm["chroot.tar.gz"]);
        foreach (var tag in architectures)
            Assert.That((await Farm.RunAsync("chroots", "add", "bookworm", tag, Farm["chroot.tar.gz"])).Code, Is.Zero);
    }

    /// <summary>Writes a source package of two files.</summary>
    /// <returns>Its <c>.dsc</c>.</returns>
    private protected string WriteSource(string architectures, string name = "hello")
    {
        var tarball = "source"u8.ToArray();
        File.WriteAllBytes(Farm[$"{name}_2.10.orig.tar.gz"], tarball);
        var dsc = new StringBuilder($"Format: 1.0\nSource: {name}\nVersion: 2.10-3\nBinary: {name}\n")
            .Append($"Architecture: {architectures}\nMaintainer: Anna <anna@example.org>\n")
            .Append($"Checksums-Sha1:\n {Sum(HashAlgorithmName.SHA1, tarball)} {tarball.Length} {name}_2.10.orig.tar.gz\n")
            .Append($"Checksums-Sha256:\n {Sum(HashAlgorithmName.SHA256, tarball)} {tarball.Length} {name}_2.10.orig.tar.gz\n")
            .Append($"Files:\n {Sum(HashAlgorithmName.MD5, tarball)} {tarball.Length} {name}_2.10.orig.tar.gz\n");
        File.WriteAllText(Farm[$"{name}_2.10-3.dsc"], dsc.ToString());
        return Farm[$"{name}_2.10-3.dsc"];
    }

    private protected static string Sum(HashAlgorithmName algorithm, byte[] bytes) =>
        Convert.ToHexStringLower(CryptographicOperations.HashData(algorithm, bytes));

    private protected Task<IReadOnlyList<Build>> BuildsAsync() =>
        Farm.WithStoreAsync(store => store.Builds.ListAsync(new BuildFilter { Count = BuildFilter.MaxCount }));

    private protected Task<PackageSpecification> SpecificationAsync(long id) =>
        Farm.WithStoreAsync(async store => PackageSpecification.FromBytes((await store.Builds.FindSpecificationAsync(id))!.Value));
}

using System.Globalization;
using System.IO.Compression;
using System.Text;
using Buildd.IntegrationTests.Support;
using Buildd.Master.Builds;
using Buildd.Master.Jobs.Packages;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Farm;

/// <summary>What tests share that kill <c>buildd-farm run</c>: what is built, and what has to be there in the end.</summary>
public abstract class FarmKillFixture : IDisposable
{
    /// <summary>Leases must run out quickly, since who is killed gives none back.</summary>
    private protected const string Times = "Lease-Duration: 1\nRefresh-Interval: 0.5\nPoll-Interval: 0.2\nFast-Poll-Interval: 0.1\n";

    private protected TemporaryDirectory Files { get; } = new();

    public void Dispose()
    {
        Files.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts three slaves whose plug-in writes down what it builds, and makes them builders of a farm.</summary>
    /// <param name="farm">The farm.</param>
    /// <param name="slaves">Gets each slave before it is started, to be disposed of.</param>
    /// <param name="random">How long each builds.</param>
    private protected async Task AddPlugInsAsync(FarmProgram farm, List<PlugInSlave> slaves, Random random)
    {
        var made = UploadLeaf.MakeGood(Files["made"]).Path;
        foreach (var name in (string[])["bob", "eve", "tom"])
        {
            var slave = new PlugInSlave();
            slaves.Add(slave);
            slave.Add("hello", $"""
                id=$(cat | tee input | sed 's/.*"build_id": *"\([^"]*\)".*/\1/')
                echo "$id" >> {Files["built"]}
                echo building hello as $id
                sleep {random.Next(1, 6)}
                cp {made}/* "$(sed 's/.*"results_dir": *"\([^"]*\)".*/\1/' input)"
                """);
            await slave.StartAsync();
            var (code, output) = await farm.DoAsync("builders", "add", name, slave.Url.AbsoluteUri, "-p", "amd64");
            Assert.That(code, Is.Zero, output);
        }
    }

    private protected void AssertBuiltOnce(int builds) => Assert.That(
        File.ReadAllLines(Files["built"]).Order(StringComparer.Ordinal),
        Is.EqualTo(Enumerable.Range(1, builds).Select(id => $"PACKAGEBUILD-{id}").Order(StringComparer.Ordinal)),
        "each was built, and once");

    private protected static Task<IReadOnlyList<Build>> QueueAsync(FarmProgram farm, string manager) => farm.WithStoreAsync(async store =>
    {
        var chroot = (await store.Chroots.ListAsync(default)).Single();
        return await store.Builds.AddAsync([new PackageSpecification
        {
            Source = "hello",
            Version = "2.10-3",
            Series = chroot.Series,
            ArchTag = chroot.ArchTag,
            Files = [new SourceFile("hello_2.10-3.dsc", chroot.Sha1)], // nobody looks into it
            Binaries = ["hello"],
        }.ToNewBuild() with { Manager = manager }]);
    });

    /// <summary>Waits until a build is over, its leaf is gone, and nothing is being decided about it any more.</summary>
    private protected static Task<Build> DoneAsync(FarmProgram farm, long id) => farm.WithStoreAsync(store => Until.SeenAsync(
        async () => (await store.Builds.FindAsync(id))!,
        build => build is { Queue: null, State: not BuildState.Uploading }
            && !Directory.Exists(farm[$"state/results/incoming/{build.Leaf}"])
            && !File.Exists(farm["state/results/process-upload-buildd.journal"]),
        TimeSpan.FromMinutes(10)));

    private protected static async Task AssertWholeAsync(FarmProgram farm, int count)
    {
        var builds = await farm.WithStoreAsync(store => store.Builds.ListAsync(new BuildFilter { Count = BuildFilter.MaxCount }));
        var problems = new StringBuilder();
        foreach (var build in builds)
        {
            if (build.State != BuildState.FullyBuilt)
                problems.AppendLine(CultureInfo.InvariantCulture, $"{build}: {build.Reason}");
            if (Directory.Exists(farm.Accepted(build.Id)) && Directory.GetFiles(farm.Accepted(build.Id)) is var files
                && !build.Files.All(file => files.Any(path => Path.GetFileName(path) == file.Name && Sha256(path) == file.Sha256)))
                problems.AppendLine(CultureInfo.InvariantCulture, $"{build}: the archive has other files");
            if (!(await LogAsync(farm, build)).Contains("building hello", StringComparison.Ordinal))
                problems.AppendLine(CultureInfo.InvariantCulture, $"{build}: the log is not whole");
        }

        var archive = farm["state/archive/debian/bookworm"];
        Assert.Multiple(() =>
        {
            Assert.That(problems.ToString(), Is.Empty);
            Assert.That(builds, Has.Count.EqualTo(count));
            Assert.That(
                Directory.GetFileSystemEntries(archive).Select(Path.GetFileName),
                Is.EquivalentTo(builds.Select(build => build.Cookie.ToString())),
                "one upload each, and nothing besides");
            foreach (var folder in (string[])["incoming", "rejected", "failed", "accepted", "grabbing"])
                Assert.That(Directory.GetFileSystemEntries(farm[$"state/results/{folder}"]), Is.Empty, folder);
            Assert.That(
                Directory.GetFiles(
                    farm["state"], "*", SearchOption.AllDirectories).Where(path => path.EndsWith(".part", StringComparison.Ordinal)
                        || path.EndsWith(".log", StringComparison.Ordinal) || path.EndsWith(".mark", StringComparison.Ordinal)), Is.Empty);
        });
        await farm.CheckStoreAsync();
    }

    private static async Task<string> LogAsync(FarmProgram farm, Build build)
    {
        var path = farm[$"state/results/logs/{build.Cookie}/{build.Attempt}/{build.LogName}"];
        if (!File.Exists(path))
            return "";
        await using var log = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        return await new StreamReader(log).ReadToEndAsync();
    }

    private static string Sha256(string path) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)));
}

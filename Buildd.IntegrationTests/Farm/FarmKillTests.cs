using System.Globalization;
using System.IO.Compression;
using System.Text;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Master.Builds;
using Buildd.Master.Jobs.Packages;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Farm;

/// <summary>
/// <c>buildd-farm run</c> is killed and started again, just before each change that it makes to the disk and at random moments: in
/// the end every build was built once, has one outcome and one upload, and no file is half there.
/// </summary>
[NonParallelizable]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(900_000)]
public sealed class FarmKillTests : IDisposable
{
    /// <summary>Leases must run out quickly, since who is killed gives none back.</summary>
    private const string Times = "Lease-Duration: 1\nRefresh-Interval: 0.5\nPoll-Interval: 0.2\nFast-Poll-Interval: 0.1\n";

    /// <summary>More changes than a build can need: whoever comes here runs in circles.</summary>
    private const int MaxChanges = 1000;

    /// <summary>A build that is killed at random lasts some lives of the master.</summary>
    private const int KillsPerBuild = 5;

    /// <summary>What a process ends with that SIGKILL has ended.</summary>
    private const int Killed = 128 + 9;

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task Killed_before_every_change_it_makes_to_the_disk()
    {
        Machine.Require(File.Exists("/usr/bin/gcc"), "/usr/bin/gcc: run 'make test', which installs it");
        var library = _folder["kill-at-change.so"];
        await ProcessRunner.CaptureAsync(Command.Of(
            "gcc", "-shared", "-fPIC", "-O2", "-o", library,
            Path.Combine(Repository.Root, "Buildd.IntegrationTests/Uploads/kill-at-change.c"), "-ldl"));

        // Two farms share the work, and the machine's processors: one is killed at the odd changes, one at the even ones.
        var kills = await Task.WhenAll(KillAtAsync(library, 1, 2), KillAtAsync(library, 2, 2));

        await TestContext.Out.WriteLineAsync($"a build is some {kills.Max()} changes");
        Assert.That(kills, Has.All.GreaterThan(30));
    }

    [Test]
    [Category(LongRun.Category)]
    public async Task Killed_at_random_moments_while_plug_in_builds_run_on_3_slaves()
    {
        using var run = LongRun.Begin("kills of the master", sample: 3 * KillsPerBuild, full: 20 * KillsPerBuild);
        var builds = run.Rounds / KillsPerBuild;
        await using var farm = new FarmProgram(times: Times);
        await farm.PrepareAsync();
        var made = UploadLeaf.MakeGood(_folder["made"]).Path;
        var slaves = new List<PlugInSlave>();
        try
        {
            foreach (var name in (string[])["bob", "eve", "tom"])
            {
                var slave = new PlugInSlave();
                slaves.Add(slave);
                slave.Add("hello", $"""
                    id=$(cat | tee input | sed 's/.*"build_id": *"\([^"]*\)".*/\1/')
                    echo "$id" >> {_folder["built"]}
                    echo building hello as $id
                    sleep {run.Random.Next(1, 6)}
                    cp {made}/* "$(sed 's/.*"results_dir": *"\([^"]*\)".*/\1/' input)"
                    """);
                await slave.StartAsync();
                var (code, output) = await farm.DoAsync("builders", "add", name, slave.Url.AbsoluteUri, "-p", "amd64");
                Assert.That(code, Is.Zero, output);
            }

            foreach (var kill in run.EachRound())
            {
                if (kill % KillsPerBuild == 0)
                    await QueueAsync(farm, "hello");
                await using var life = run.Random.Next(2) == 0 ? farm.Launch() : await farm.StartAsync();
                await Task.WhenAny(life.Ended, Task.Delay(run.Random.Next(100, 1600)));
                Assert.That(life.Ended.IsCompleted, Is.False, life.Output);
                run.Count(life.Output.Contains(FarmProgram.Ready, StringComparison.Ordinal) ? "at work" : "starting");
                await life.KillAsync();
            }

            await using var last = await farm.StartAsync();
            for (var id = 1; id <= builds; id++)
                await DoneAsync(farm, id);
            Assert.That(await last.StopAsync(), Is.Zero, last.Output);
            await AssertWholeAsync(farm, builds);
            Assert.That(File.ReadAllLines(_folder["built"]).Order(StringComparer.Ordinal), Is.EqualTo(
                Enumerable.Range(1, builds).Select(id => $"PACKAGEBUILD-{id}").Order(StringComparer.Ordinal)), "each was built, and once");
        }
        finally
        {
            foreach (var slave in slaves)
                await slave.DisposeAsync();
        }
    }

    /// <summary>
    /// One life after the other gets one build each, and is killed at the first, third, fifth … change after that, until one gets through.
    /// </summary>
    /// <returns>At which change the last one would have been killed.</returns>
    private async Task<int> KillAtAsync(string library, int first, int step)
    {
        await using var farm = new FarmProgram(times: Times);
        await farm.PrepareAsync();
        var made = UploadLeaf.MakeGood(_folder[$"made-{first}"]).Path;
        var built = new List<string>();
        await farm.AddSlaveAsync("bob", backend => backend.Script = async (context, abort) =>
        {
            lock (built)
                built.Add(context.Request.BuildId);
            context.Log.WriteLine("building hello");
            foreach (var path in Directory.GetFiles(made))
            {
                File.Copy(path, Path.Combine(context.Directory, Path.GetFileName(path)));
                await context.AddResultAsync(Path.Combine(context.Directory, Path.GetFileName(path)), null, abort);
            }

            return new BuildOutcome(BuildStatus.Ok);
        });
        var builds = 0;
        for (var at = first; at < MaxChanges; at += step)
        {
            var armed = _folder[$"armed-{at}"];
            await using var run =
                farm.Launch(command => command.WithEnvironment("LD_PRELOAD", library).WithEnvironment("KILL_UNDER", farm.Folder)
                .WithEnvironment("KILL_AT", at.ToString(CultureInfo.InvariantCulture)).WithEnvironment("KILL_ARMED", armed));
            if (builds > 0)
                await Task.WhenAny(run.Ended, DoneAsync(farm, builds));
            Assert.That(run.Ended.IsCompleted, Is.False, run.Output);
            await File.WriteAllTextAsync(armed, "");
            await QueueAsync(farm, WireNames.Managers.BinaryPackage);
            await Task.WhenAny(run.Ended, DoneAsync(farm, ++builds));
            var code = await run.StopAsync(); // which makes changes, too, as does what is done after a build is over
            if (code == Killed)
                continue;
            Assert.That(code, Is.Zero, run.Output);
            await AssertWholeAsync(farm, builds);
            Assert.That(built.Order(StringComparer.Ordinal), Is.EqualTo(
                Enumerable.Range(1, builds).Select(id => $"PACKAGEBUILD-{id}").Order(StringComparer.Ordinal)), "each was built, and once");
            return at;
        }

        throw new AssertionException("it is never done");
    }

    private static Task<IReadOnlyList<Build>> QueueAsync(FarmProgram farm, string manager) => farm.WithStoreAsync(async store =>
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
    private static Task<Build> DoneAsync(FarmProgram farm, long id) => farm.WithStoreAsync(store => Until.SeenAsync(
        async () => (await store.Builds.FindAsync(id))!,
        build => build is { Queue: null, State: not BuildState.Uploading }
            && !Directory.Exists(farm[$"state/results/incoming/{build.Leaf}"])
            && !File.Exists(farm["state/results/process-upload-buildd.journal"]),
        TimeSpan.FromMinutes(10)));

    private static async Task AssertWholeAsync(FarmProgram farm, int count)
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

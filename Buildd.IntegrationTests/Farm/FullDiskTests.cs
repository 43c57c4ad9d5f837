using Buildd.Farm;
using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Farm;

/// <summary>A farm whose store, results and logs are on one small file system, and a build that fills it.</summary>
[Parallelizable(ParallelScope.Self)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class FullDiskTests
{
    private const int MiB = 1024 * 1024;

    /// <summary>The bytes that have to stay free, less what the store itself and others add to the disk in the meantime.</summary>
    private const long Least = 60 * MiB;

    [Test]
    public async Task A_log_without_end_leaves_the_store_its_room_and_after_it_all_goes_on()
    {
        await using var disk = await SmallFileSystem.MountAsync(120 * MiB);
        await using var farm = new FarmProgram(state: disk["state"]);
        var dsc = await farm.PrepareAsync();
        await farm.AddSlaveAsync("bob", backend => backend.Script = WriteLogAsync);
        await using var run = await farm.StartAsync();
        Assert.That((await farm.DoAsync("build", dsc)).Code, Is.Zero);

        await Until.TrueAsync(() => Free(disk) < 65 * MiB, more: () => run.Output);
        var refused = await farm.DoAsync("build", dsc);
        if (Free(disk) < 64 * MiB)
            Assert.That(refused.Output, Does.Contain("can't be taken in: ").And.Contain("buildd-farm prune"));
        Assert.That((await farm.DoAsync("queue")).Output, Does.Contain("PACKAGEBUILD-1"));
        var cancelled = await farm.DoAsync("cancel", "1");
        Assert.That(cancelled.Code, Is.Zero, cancelled.Output);
        await UntilAsync(farm, 1, build => build.State == BuildState.Cancelled);

        Assert.That(Free(disk), Is.GreaterThan(Least / 2));
        Assert.That((await farm.DoAsync("log", "1")).Output, Does.Contain("[the farm's disk has no room for more: the rest is not kept]"));
        var pruned = await farm.DoAsync("prune", "--older-than", "0");
        Assert.That(pruned.Code, Is.Zero, pruned.Output);
        // A log that was being gzipped in that moment takes its room until that has failed.
        await Until.TrueAsync(() => Free(disk) > 100 * MiB, more: () => pruned.Output + run.Output);
        var (code, output) = await farm.DoAsync("build", dsc, "--wait");
        Assert.That(code, Is.Zero, output + run.Output);
        Assert.That((await farm.WithStoreAsync(store => store.Builders.FindAsync("bob")))!.Failures, Is.Zero);
    }

    [Test]
    public async Task A_full_disk_is_left_by_cancelling_and_said_by_build()
    {
        await using var disk = await SmallFileSystem.MountAsync(120 * MiB);
        await using var farm = new FarmProgram(state: disk["state"]);
        var dsc = await farm.PrepareAsync();
        await farm.AddSlaveAsync("bob", backend => backend.Script = WriteLogAsync);
        await using var run = await farm.StartAsync();
        Assert.That((await farm.DoAsync("build", dsc)).Code, Is.Zero);
        var filler = disk.Fill("filler", 60 * MiB); // somebody else's

        var (code, output) = await farm.DoAsync("build", dsc);

        Assert.That(code, Is.EqualTo(FarmExitCode.Failed), output);
        Assert.That(output, Does.Contain("can't be taken in: ").And.Contain("buildd-farm prune"));
        Assert.That((await farm.DoAsync("cancel", "1")).Code, Is.Zero);
        await UntilAsync(farm, 1, build => build.State == BuildState.Cancelled);
        File.Delete(filler);
        Assert.That((await farm.DoAsync("build", dsc, "--wait")).Code, Is.Zero, run.Output);
    }

    private static long Free(SmallFileSystem disk) => new DriveInfo(disk.Path).AvailableFreeSpace;

    /// <summary>Writes what can't be packed, until the build is aborted; the second build is a good one.</summary>
    private static async Task<BuildOutcome> WriteLogAsync(IBuildContext context, CancellationToken abort)
    {
        if (context.Request.BuildId != "PACKAGEBUILD-1")
        {
            foreach (var path in Directory.GetFiles(UploadLeaf.MakeGood(Path.Combine(context.Directory, "made")).Path))
                await context.AddResultAsync(path, null, abort);
            return new BuildOutcome(BuildStatus.Ok);
        }

        var random = new Random(7);
        var line = new byte[48 * 1024];
        for (var written = 0L; written < 200 * MiB; written += line.Length * 4 / 3)
        {
            abort.ThrowIfCancellationRequested();
            random.NextBytes(line);
            context.Log.WriteLine(Convert.ToBase64String(line));
        }

        await Task.Delay(Timeout.Infinite, abort);
        return new BuildOutcome(BuildStatus.Ok);
    }

    private static Task<Build> UntilAsync(FarmProgram farm, long id, Func<Build, bool> condition) => farm.WithStoreAsync(
        store => Until.SeenAsync(async () => (await store.Builds.FindAsync(id))!, condition));
}

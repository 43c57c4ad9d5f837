using System.Globalization;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
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
public sealed class FarmKillTests : FarmKillFixture
{
    /// <summary>More changes than a build can need: whoever comes here runs in circles.</summary>
    private const int MaxChanges = 1000;

    /// <summary>A build that is killed at random lasts some lives of the master.</summary>
    private const int KillsPerBuild = 5;

    /// <summary>What a process ends with that SIGKILL has ended.</summary>
    private const int Killed = 128 + 9;

    [Test]
    public async Task Killed_before_every_change_it_makes_to_the_disk()
    {
        Machine.Require(File.Exists("/usr/bin/gcc"), "/usr/bin/gcc: run 'make test', which installs it");
        var library = Files["kill-at-change.so"];
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
        var slaves = new List<PlugInSlave>();
        try
        {
            await AddPlugInsAsync(farm, slaves, run.Random);
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
            AssertBuiltOnce(builds);
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
        var made = UploadLeaf.MakeGood(Files[$"made-{first}"]).Path;
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
            var armed = Files[$"armed-{at}"];
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
}

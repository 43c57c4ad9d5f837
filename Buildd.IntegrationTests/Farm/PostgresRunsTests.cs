using Buildd.IntegrationTests.Support;
using Buildd.Master.Builds;
using Buildd.Testing.Databases;
using Buildd.Testing.Programs;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Farm;

/// <summary>
/// Several <c>run</c>s work on one store of PostgreSQL and are killed in turns: the others take over what it had, and each build is built
/// once and uploaded once.
/// </summary>
[NonParallelizable]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(900_000)]
public sealed class PostgresRunsTests : FarmKillFixture
{
    /// <summary>A build lasts some kills.</summary>
    private const int KillsPerBuild = 3;

    /// <param name="count">How many there are.</param>
    /// <param name="areApart">Whether each has folders of its own, as on a machine of its own; inputs and archive are shared.</param>
    [TestCase(2, false)]
    [TestCase(4, false)]
    [TestCase(2, true)]
    [Category(LongRun.Category)]
    public async Task One_of_several_is_killed_at_random_moments(int count, bool areApart)
    {
        using var run = LongRun.Begin(
            $"kills of one of {count} masters{(areApart ? " on machines of their own" : "")}", sample: 3 * KillsPerBuild,
            full: 30 * KillsPerBuild);
        var builds = run.Rounds / KillsPerBuild;
        await using var server = await PostgresServer.StartAsync();
        var machines = MakeMachines(areApart ? count : 1, server);
        var slaves = new List<PlugInSlave>();
        var lives = new List<RunningProgram>();
        try
        {
            await machines[0].PrepareAsync();
            await AddPlugInsAsync(machines[0], slaves, run.Random);
            for (var i = 0; i < count; i++)
                lives.Add(machines[i % machines.Count].Launch());
            foreach (var kill in run.EachRound())
            {
                if (kill % KillsPerBuild == 0)
                    await QueueAsync(machines[0], "hello");
                await Task.Delay(run.Random.Next(100, 1600));
                var victim = run.Random.Next(count);
                run.Count(lives[victim].Output.Contains(FarmProgram.Ready, StringComparison.Ordinal) ? "at work" : "starting");
                Assert.That(lives[victim].Ended.IsCompleted, Is.False, lives[victim].Output);
                await lives[victim].KillAsync();
                lives[victim] = machines[victim % machines.Count].Launch();
            }

            for (var id = 1; id <= builds; id++)
                await DoneAsync(machines[0], id);
            foreach (var life in lives)
            {
                await life.SaysAsync(FarmProgram.Ready); // who is stopped before ends as interrupted
                Assert.That(await life.StopAsync(), Is.Zero, life.Output);
            }

            AssertBuiltOnce(builds);
            if (!areApart)
                await AssertWholeAsync(machines[0], builds);
            await AssertUploadedOnceAsync(machines[0], areApart ? Files["archive"] : machines[0]["state/archive"], builds);
        }
        finally
        {
            foreach (var life in lives)
                await life.DisposeAsync();
            foreach (var slave in slaves)
                await slave.DisposeAsync();
            foreach (var machine in machines)
                await machine.DisposeAsync();
        }
    }

    /// <summary>Machines share the inputs and the archive.</summary>
    private List<FarmProgram> MakeMachines(int count, PostgresServer server)
    {
        if (count == 1)
            return [new FarmProgram(times: Times, database: server.ConnectionString)];
        Directory.CreateDirectory(Files["inputs"]);
        var machines = new List<FarmProgram>();
        for (var i = 0; i < count; i++)
        {
            machines.Add(new FarmProgram(
                $"Archive: directory {Files["archive"]}\n", Times, database: server.ConnectionString));
            Directory.CreateDirectory(machines[i]["state"]);
            Directory.CreateSymbolicLink(machines[i]["state/inputs"], Files["inputs"]);
        }

        return machines;
    }

    private static async Task AssertUploadedOnceAsync(FarmProgram farm, string archive, int count)
    {
        var builds = await farm.WithStoreAsync(store => store.Builds.ListAsync(new BuildFilter { Count = BuildFilter.MaxCount }));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(builds.Select(build => build.State), Has.All.EqualTo(BuildState.FullyBuilt).And.Exactly(count).Items);
            Assert.That(
                Directory.GetFileSystemEntries(Path.Combine(archive, "debian/bookworm")).Select(path => Path.GetFileName(path)),
                Is.EquivalentTo(builds.Select(build => build.Cookie.ToString())), "one upload each, and nothing besides");
        }

        await farm.CheckStoreAsync();
    }
}

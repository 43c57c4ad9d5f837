using System.Text.Json;
using Buildd.Farm;
using Buildd.Master.Builds;
using Buildd.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;
using Dapper;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Farm;

/// <summary>The farm as its users have it: <c>run</c> in one process, their commands in others, slaves on the loopback.</summary>
[Parallelizable(ParallelScope.Self)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class FarmTests : IAsyncDisposable
{
    private readonly FarmProgram _farm = new();

    public ValueTask DisposeAsync() => _farm.DisposeAsync();

    [Test]
    public async Task A_source_package_is_built_and_its_log_shown_as_it_grows()
    {
        var dsc = await _farm.PrepareAsync();
        await _farm.AddSlaveAsync("bob", backend => backend.Script = BuildAsync);
        await using var run = await _farm.StartAsync();

        var (code, output) = await _farm.DoAsync("build", dsc, "--wait");

        Assert.That(code, Is.Zero, output + run.Output);
        Assert.That(output, Does.Contain("PACKAGEBUILD-1: amd64 build of hello 1 in debian bookworm\n").And.Contain("PACKAGEBUILD-1: Currently building on bob\n").And.Contain("building hello_1.dsc\n").And.Contain("the results are in "));
        var leaf = Directory.GetDirectories(_farm.Incoming).Single();
        Assert.That(Directory.GetFiles(leaf, "result.txt", SearchOption.AllDirectories), Has.Length.EqualTo(1));
        Assert.That((await _farm.DoAsync("log", "1")).Output, Does.Contain("building hello_1.dsc"));
        Assert.That((await _farm.DoAsync("show", "1")).Output, Does.Contain("UPLOADING").And.Contain(leaf).And.Contain("result.txt"));
        Assert.That((await _farm.DoAsync("builders", "check")).Code, Is.Zero);
        Assert.That(await run.StopAsync(), Is.Zero, run.Output);
    }

    [Test]
    public async Task A_build_that_fails_is_told_by_the_exit_code()
    {
        var dsc = await _farm.PrepareAsync();
        await _farm.AddSlaveAsync("bob", backend => backend.Script = (context, _) =>
        {
            context.Log.WriteLine("it does not compile");
            return Task.FromResult(new BuildOutcome(BuildStatus.PackageFail));
        });
        await using var run = await _farm.StartAsync();

        var (code, output) = await _farm.DoAsync("build", dsc, "--wait");

        Assert.That(code, Is.EqualTo(ExitCode.NotWell), output + run.Output);
        Assert.That(output, Does.Contain("it does not compile").And.Contain("PACKAGEBUILD-1: Failed to build"));
    }

    [Test]
    public async Task A_build_that_runs_is_cancelled_from_another_process()
    {
        var dsc = await _farm.PrepareAsync();
        await _farm.AddSlaveAsync("bob", backend => backend.Script = async (_, abort) =>
        {
            await Task.Delay(Timeout.Infinite, abort);
            return new BuildOutcome(BuildStatus.Ok);
        });
        await using var run = await _farm.StartAsync();
        await _farm.DoAsync("build", dsc);
        await UntilAsync(1, build => build.State == BuildState.Building);

        Assert.That((await _farm.DoAsync("cancel", "1")).Code, Is.Zero);

        await UntilAsync(1, build => build.State == BuildState.Cancelled);
    }

    [Test]
    public async Task Twenty_builds_on_three_slaves_survive_run_being_killed_again_and_again()
    {
        const int Count = 20;
        var dsc = await _farm.PrepareAsync();
        foreach (var name in (string[])["bob", "eve", "tom"])
            await _farm.AddSlaveAsync(name, backend => backend.Script = BuildAsync);
        for (var i = 0; i < Count; i++)
            Assert.That((await _farm.DoAsync("build", dsc, "--key", $"{i}")).Code, Is.Zero);

        var random = new Random(20);
        for (var kill = 0; kill < 12; kill++)
        {
            var killed = await _farm.StartAsync();
            await Task.Delay(random.Next(100, 1500));
            await killed.KillAsync();
        }

        await using var run = await _farm.StartAsync();
        for (var id = 1; id <= Count; id++)
            await UntilAsync(id, build => build.Queue is null);

        var builds = await _farm.WithStoreAsync(store => store.Builds.ListAsync(new BuildFilter()));
        Assert.That(builds, Has.Count.EqualTo(Count));
        Assert.That(builds.Select(build => build.State), Has.All.EqualTo(BuildState.Uploading), string.Join('\n', builds.Select(build => $"{build}: {build.Reason}")));
        Assert.That(Directory.GetDirectories(_farm.Incoming).Select(Path.GetFileName), Is.EquivalentTo(builds.Select(build => build.Leaf)), "one upload each, and no other");
        foreach (var leaf in Directory.GetDirectories(_farm.Incoming))
            Assert.That(await File.ReadAllTextAsync(Directory.GetFiles(leaf, "result.txt", SearchOption.AllDirectories).Single()), Is.EqualTo("a result"));
        Assert.That(await _farm.WithStoreAsync(store => store.WriteAsync(connection => connection.ExecuteScalar<string>("SELECT * FROM pragma_integrity_check"), default)), Is.EqualTo("ok"));
    }

    /// <summary>What a program has printed is stored, wherever it is killed; and nothing is half there.</summary>
    [Test]
    public async Task A_command_that_is_killed_at_any_moment_has_stored_what_it_said_or_nothing()
    {
        var dsc = await _farm.PrepareAsync();
        var random = new Random(7);
        var said = 0;
        for (var i = 0; i < 40; i++)
        {
            using var stop = new CancellationTokenSource();
            var output = new System.Text.StringBuilder();
            var run = ProcessRunner.RunAsync(
                _farm.Command("build", dsc, "-a", "amd64", "-a", "arm64") with { StopGrace = TimeSpan.Zero }, bytes => output.Append(System.Text.Encoding.UTF8.GetString(bytes)), cancellationToken: stop.Token);
            stop.CancelAfter(random.Next(100, 700));
            try
            {
                await run;
            }
            catch (OperationCanceledException)
            {
                // killed
            }

            said += output.ToString().Split('\n').Count(line => line.StartsWith("PACKAGEBUILD-", StringComparison.Ordinal));
        }

        var builds = await _farm.WithStoreAsync(store => store.Builds.ListAsync(new BuildFilter { Count = BuildFilter.MaxCount }));
        TestContext.Out.WriteLine($"{said} builds were told of, {builds.Count} are stored");
        Assert.That(builds, Has.Count.GreaterThanOrEqualTo(said));
        Assert.That(builds.Count(build => build.Processor == "amd64"), Is.EqualTo(builds.Count(build => build.Processor == "arm64")), "both or none");
        Assert.That(await _farm.WithStoreAsync(async store =>
        {
            foreach (var build in builds)
                Assert.That((await store.Builds.FindSpecificationAsync(build.Id))!.Value.Length, Is.GreaterThan(0));
            return await store.WriteAsync(connection => connection.ExecuteScalar<string>("SELECT * FROM pragma_integrity_check"), default);
        }), Is.EqualTo("ok"));
    }

    [Test]
    public async Task Several_processes_change_one_store_at_the_same_time()
    {
        var dsc = await _farm.PrepareAsync();

        var ran = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => _farm.DoAsync("build", dsc, "--json")));

        var ids = ran.Select(one =>
        {
            using var json = JsonDocument.Parse(one.Output);
            return json.RootElement[0].GetProperty("id").GetInt64();
        });
        Assert.That(ids.Order(), Is.EqualTo(Enumerable.Range(1, 12)));
    }

    private static async Task<BuildOutcome> BuildAsync(IBuildContext context, CancellationToken abort)
    {
        context.Log.WriteLine("building hello_1.dsc");
        await Task.Delay(300, abort);
        var result = Path.Combine(context.Directory, "result.txt");
        await File.WriteAllTextAsync(result, "a result", abort);
        await context.AddResultAsync(result, null, abort);
        return new BuildOutcome(BuildStatus.Ok);
    }

    private Task<Build> UntilAsync(long id, Func<Build, bool> condition) => _farm.WithStoreAsync(async store =>
    {
        while (true)
        {
            var build = (await store.Builds.FindAsync(id))!;
            if (condition(build))
                return build;
            await Task.Delay(50, TestContext.CurrentContext.CancellationToken);
        }
    });
}

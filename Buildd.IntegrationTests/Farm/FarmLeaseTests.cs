using Buildd.Linux.Processes;
using Buildd.Master.Builders;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;
using Buildd.Testing.Runs;
using Dapper;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Farm;

/// <summary>Which run looks after which builder, when runs are killed and the clock is set.</summary>
[Parallelizable(ParallelScope.Self)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class FarmLeaseTests : IAsyncDisposable
{
    /// <summary>Leases hold longer than a busy machine can keep a run from renewing them.</summary>
    private readonly FarmProgram _farm =
        new(times: "Poll-Interval: 0.2\nFast-Poll-Interval: 0.1\nRefresh-Interval: 0.2\nLease-Duration: 60\n");

    public ValueTask DisposeAsync() => _farm.DisposeAsync();

    [Test]
    public async Task What_a_killed_run_had_is_taken_at_once_though_its_lease_ends_tomorrow()
    {
        await AddBuilderAsync();
        await using (var first = await _farm.StartAsync())
        {
            await UntilAsync(builder => builder.LeaseOwner is not null);
            await first.KillAsync();
        }

        var former = (await FindAsync()).LeaseOwner!;
        await _farm.WithStoreAsync(store => store.WriteAsync(
            connection => connection.ExecuteAsync("UPDATE builder SET lease_expires = lease_expires + 864000000000"),
            CancellationToken.None));
        await using var second = await _farm.StartAsync();

        await second.SaysAsync("1 builders were given back: the run that had them");
        await UntilAsync(builder => builder.LeaseOwner is not null && builder.LeaseOwner != former);
        Assert.That(Directory.GetFiles(_farm["state/runs"]), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task What_belongs_to_a_living_run_is_said_and_not_given_back()
    {
        await AddBuilderAsync();
        await using var first = await _farm.StartAsync();
        await UntilAsync(builder => builder.LeaseOwner is not null);
        await using var second = await _farm.StartAsync();

        await second.SaysAsync("1 builders belong to another run until ");
        var (code, output) = await _farm.DoAsync("builders", "release", "--all");

        Assert.That((code, output), Is.EqualTo((1, output)));
        Assert.That(output, Does.StartWith("bob belongs to a run that lives ("));
        Assert.That(second.Output, Does.Contain("'buildd-farm builders release' gives them back"));
    }

    [Test]
    public async Task A_clock_that_is_set_again_and_again_takes_no_builder_from_a_living_run()
    {
        Machine.Require(File.Exists("/usr/bin/gcc"), "/usr/bin/gcc: run 'make test', which installs it");
        var library = _farm["set-clock.so"];
        await ProcessRunner.CaptureAsync(Command.Of(
            "gcc", "-shared", "-fPIC", "-O2", "-o", library, Path.Combine(Repository.Root, "Buildd.IntegrationTests/Farm/set-clock.c")));
        await SetClockAsync(0);
        await AddBuilderAsync();
        await using var first = await StartAsync(library);
        await UntilAsync(builder => builder.LeaseOwner is not null);
        var owner = (await FindAsync()).LeaseOwner!;
        await using var second = await StartAsync(library);

        foreach (var hours in (int[])[1, -1, 24, 0, -48, 100, 0])
        {
            await SetClockAsync(3600L * hours);
            var clock = DateTimeOffset.UnixEpoch; // the machine's own: what runs renew is ahead of it
            for (var renewals = 0; renewals < 4; renewals++)
            {
                var before = (await FindAsync()).LeaseExpires;
                await UntilAsync(builder => builder.LeaseExpires != before);
                clock = (await FindAsync()).LeaseExpires!.Value;
            }

            Assert.That((await FindAsync()).LeaseOwner, Is.EqualTo(owner), $"{hours} hours ahead");
            Assert.That(
                clock - TimeProvider.System.GetUtcNow(), Is.EqualTo(TimeSpan.FromHours(hours)).Within(TimeSpan.FromMinutes(10)),
                "the clock was set");
        }

        await first.KillAsync();
        await UntilAsync(builder => builder.LeaseOwner is not null && builder.LeaseOwner != owner);
    }

    private async Task<RunningProgram> StartAsync(string library)
    {
        var run = _farm.Launch(
            command => command.WithEnvironment("LD_PRELOAD", library).WithEnvironment("CLOCK_FILE", _farm["clock"]));
        await run.SaysAsync(FarmProgram.Ready);
        return run;
    }

    private async Task SetClockAsync(long seconds)
    {
        await using var file = new FileStream(_farm["clock"], FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        await file.WriteAsync(BitConverter.GetBytes(seconds));
    }

    /// <summary>Adds a builder whose slave is not there: it is looked after all the same.</summary>
    private async Task AddBuilderAsync()
    {
        var (code, output) = await _farm.DoAsync("builders", "add", "bob", "http://127.0.0.1:1/", "--manual", "yes");
        Assert.That(code, Is.Zero, output);
    }

    private Task<Builder> FindAsync() => _farm.WithStoreAsync(async store => (await store.Builders.FindAsync("bob"))!);

    private Task<Builder> UntilAsync(Func<Builder, bool> condition) => _farm.WithStoreAsync(
        store => Until.SeenAsync(async () => (await store.Builders.FindAsync("bob"))!, condition));
}

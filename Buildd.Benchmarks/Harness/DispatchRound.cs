using System.Diagnostics;
using Buildd.Farm.Store;
using Buildd.Master;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Choosing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Buildd.Benchmarks.Harness;

/// <summary>A farm whose builders become free all at once, on any store: who gives each of them a build.</summary>
internal sealed class DispatchRound : IAsyncDisposable
{
    /// <summary>The number of builds that wait.</summary>
    internal const int Queued = 100_000;

    /// <summary>The number of free builders.</summary>
    internal const int Builders = 1000;

    private const int Owners = 100;

    private readonly FarmStore _store;
    private readonly Scheduler _scheduler;
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    private DispatchRound(FarmStore store, MasterOptions options)
    {
        _store = store;
        _scheduler = new Scheduler(store.Builds, store.Builds, store.Builders, options.FairShare, TimeProvider.System, NullLogger.Instance);
    }

    /// <summary>Fills an empty store, and begins to follow its queue.</summary>
    internal static async Task<DispatchRound> StartAsync(FarmStore store, string folder, CancellationToken cancellationToken)
    {
        for (var i = 0; i < Queued / 10_000 + 1; i++)
            await store.Builds.AddAsync([.. Enumerable.Range(0, 10_000).Select(New)], cancellationToken);
        for (var i = 0; i < Builders; i++)
            await store.Builders.TryAddAsync(
                new Builder
                {
                    Name = $"builder{i}",
                    Url = new Uri($"http://builder{i}/"),
                    Revision = 1,
                    Processors = ["amd64"],
                    Clean = CleanState.Clean,
                }, cancellationToken);
        var round = new DispatchRound(store, new MasterOptions { Root = folder });
        await round._scheduler.LoadAsync(cancellationToken);
        round._running = round._scheduler.RunAsync(round._stop.Token);
        return round;
    }

    /// <summary>Gives each builder a build.</summary>
    /// <returns>How many a second.</returns>
    internal async Task<double[]> GiveAsync(CancellationToken cancellationToken)
    {
        var free = await _store.Builders.ListAsync(cancellationToken);
        var start = Stopwatch.GetTimestamp();
        var given = await Task.WhenAll(free.Select(builder => _scheduler.OfferAsync(builder, cancellationToken)));
        var rate = Builders / Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (given.Any(assignment => assignment is null))
            throw new InvalidOperationException("a builder got nothing");

        // What is no part of the question: the builds end, as many are queued anew, and the builders are clean again.
        var now = TimeProvider.System.GetUtcNow();
        foreach (
            var ended in await _store.Builds.TryReplaceAsync(
                [.. given.Select(assignment => assignment!.Build.Ended(BuildState.FailedToBuild, now))], cancellationToken))
            _scheduler.Apply(ended!);
        await _store.Builders.TryReplaceAsync(
            [.. given.Select(assignment => assignment!.Builder.Made(CleanState.Clean, now))], cancellationToken);
        foreach (var added in await _store.Builds.AddAsync([.. Enumerable.Range(0, Builders).Select(New)], cancellationToken))
            _scheduler.Apply(added);
        return [rate];
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private static NewBuild New(int number) => new()
    {
        JobType = "PACKAGEBUILD",
        Title = "amd64 build of hello 2.10-3 in debian bookworm RELEASE",
        Subject = "hello",
        Owner = $"owner{number % Owners}",
        Processor = "amd64",
        Score = number % 50,
        Specification = new byte[500],
    };
}

using System.Diagnostics;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Choosing;

/// <summary>
/// Brings free builders and waiting builds together: keeps the queue in memory by its changes, and gives work in batches,
/// so that a decision costs no read and a batch two writes. Any thread may call.
/// </summary>
/// <param name="builds">The builds.</param>
/// <param name="queue">The queue of these builds.</param>
/// <param name="builders">The builders.</param>
/// <param name="shares">How owners share the builders.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">For its diagnostics.</param>
/// <param name="longestWait">How long a build may be put back at the most; null for any time.</param>
internal sealed class Scheduler(
    IBuildRecords builds, IQueuedBuilds queue, IBuilderRecords builders, FairShareOptions shares, TimeProvider time, ILogger logger,
    Func<Build, TimeSpan>? longestWait = null)
{
    /// <summary>How many changes are read at a time, and how many builders get work in one write.</summary>
    private const int BatchSize = 1000;

    /// <summary>How long nothing is done after the store has failed.</summary>
    private static readonly TimeSpan StoreRetry = TimeSpan.FromSeconds(1);

    private readonly Lock _telling = new(); // taken before the other, so that changes are told in the order in which they are known
    private readonly Lock _lock = new();
    private readonly QueueIndex _index = new(shares);
    private readonly Dictionary<string, Offer> _offers = new(StringComparer.Ordinal);
    private readonly Signal _work = new(time);
    private readonly ClockSteps _clock = new(time);
    private long _revision;
    private volatile bool _loaded;
    private bool _isRewound; // of the one who follows

    /// <summary>
    /// Told of each change of a build, once: before (null for one that was not queued) and after. Called on any thread, one at a
    /// time and in order; it must not wait.
    /// </summary>
    public Action<Build?, Build>? Changed { get; set; }

    /// <summary>Whether nothing is being given out; for tests.</summary>
    internal bool IsQuiet => _work.IsWaitedFor;

    /// <summary>Up to which revision the queue is known.</summary>
    public long Revision => Volatile.Read(ref _revision);

    /// <summary>How many builds wait; for figures.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _index.Waiting;
        }
    }

    /// <summary>Reads the queue, before anything else; what is known already is only brought up to date.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        if (_loaded)
        {
            await CatchUpAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        var snapshot = await queue.ReadQueueAsync(cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            var now = NowLocked();
            foreach (var build in snapshot.Builds)
                _index.Apply(build, now, longestWait?.Invoke(build));
            Reach(snapshot.Revision);
            _loaded = true;
        }
    }

    /// <summary>Follows the queue and gives work, until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(FollowAsync(cancellationToken), GiveAsync(cancellationToken));

    /// <summary>The build that is on a builder; null when none is.</summary>
    public Build? OnBuilder(string builder)
    {
        lock (_lock)
            return _index.OnBuilder(builder);
    }

    /// <summary>A queued build; null when it isn't queued.</summary>
    public Build? Find(long id)
    {
        lock (_lock)
            return _index.Find(id);
    }

    /// <summary>All builds that are queued, in no order.</summary>
    public IReadOnlyList<Build> Queued()
    {
        lock (_lock)
            return [.. _index.Builds];
    }

    /// <summary>The builds that are on a builder, in no order.</summary>
    public IReadOnlyList<Build> Running()
    {
        lock (_lock)
            return [.. _index.Running];
    }

    /// <summary>The number of builds that are ready and want the same, and how long they are estimated to take together.</summary>
    public (int Count, TimeSpan Time) Amount(Demand demand)
    {
        lock (_lock)
        {
            _index.Promote(time.GetUtcNow());
            return _index.Amount(demand);
        }
    }

    /// <summary>Where a build is in the order of those that want the same: 1 is next. Null when it isn't ready.</summary>
    public int? Position(Build build)
    {
        lock (_lock)
            return _index.Position(build, NowLocked());
    }

    /// <summary>The time at which a build that was put back comes due; null when it is not put back.</summary>
    public DateTimeOffset? DueOf(Build build)
    {
        lock (_lock)
        {
            NowLocked();
            return _index.DueOf(build.Id);
        }
    }

    /// <summary>Takes note of a build that somebody here has stored or read, before the store's feed tells of it.</summary>
    public void Apply(Build build)
    {
        lock (_telling)
        {
            Build? before;
            lock (_lock)
            {
                (before, var isNews) = _index.Apply(build, NowLocked());
                if (!isNews)
                    return;
            }

            Changed?.Invoke(before, build);
        }

        if (build.Queue == QueueState.Waiting)
            _work.Set();
    }

    /// <summary>Offers a free builder, until it gets work.</summary>
    /// <param name="builder">The builder, clean and idle.</param>
    /// <param name="withdraw">Cancelled to take the offer back.</param>
    /// <returns>Its work, stored already; null when the offer was taken back, or has to be made again with a fresh record.</returns>
    public async Task<Assignment?> OfferAsync(Builder builder, CancellationToken withdraw)
    {
        var offer = new Offer(builder);
        lock (_lock)
            _offers[builder.Name] = offer;
        _work.Set();
        using (withdraw.Register(() => Withdraw(offer)))
            return await offer.Taken.Task.ConfigureAwait(false);
    }

    /// <summary>The time. When the clock was set, builds that were put back wait as long as before.</summary>
    private DateTimeOffset NowLocked()
    {
        if (_clock.Take() is var step && step != TimeSpan.Zero)
            _index.Shift(step);
        return time.GetUtcNow();
    }

    private void Withdraw(Offer offer)
    {
        lock (_lock)
        {
            if (offer.IsPicked || _offers.GetValueOrDefault(offer.Builder.Name) != offer)
                return; // it is being given work: what comes of that counts
            _offers.Remove(offer.Builder.Name);
        }

        offer.Taken.TrySetResult(null);
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
                await TryAsync(TurnAsync, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // that is how it ends
        }

        async Task TurnAsync()
        {
            try
            {
                if (_isRewound)
                    await RestartAsync(cancellationToken).ConfigureAwait(false);
                await queue.WaitForChangeAsync(Revision, cancellationToken).ConfigureAwait(false);
                await CatchUpAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (RecordsRewoundException exception)
            {
                logger.LogRecordsRewound(exception);
                _isRewound = true;
            }
        }
    }

    /// <summary>Forgets what was known, and reads the queue as it is.</summary>
    private async Task RestartAsync(CancellationToken cancellationToken)
    {
        var snapshot = await queue.ReadQueueAsync(cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            _index.Restart(snapshot, NowLocked());
            Volatile.Write(ref _revision, snapshot.Revision);
        }

        _isRewound = false;
        _work.Set();
    }

    /// <summary>Does something with the records. An exception means "not now".</summary>
    /// <returns>Whether it went well. If not, there was a pause.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    private async Task<bool> TryAsync(Func<Task> part, CancellationToken cancellationToken)
    {
        if (await Bulkhead.RunAsync(part, "choosing builds", logger, cancellationToken).ConfigureAwait(false) is not { } broken)
            return true;
        logger.LogStoreFailed(broken);
        await Task.Delay(StoreRetry, time, cancellationToken).ConfigureAwait(false);
        return false;
    }

    /// <summary>Reads what has changed up to now.</summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        while (await queue.ReadChangesAsync(Revision, BatchSize, cancellationToken).ConfigureAwait(false) is { Count: > 0 } changes)
        {
            foreach (var build in changes)
                Apply(build);
            lock (_lock)
                Reach(changes[^1].Revision);
        }
    }

    /// <summary>All changes up to a revision are known. Several may read changes at a time, and the slower has read less.</summary>
    private void Reach(long revision)
    {
        _index.Reach(revision);
        if (revision > _revision)
            Volatile.Write(ref _revision, revision);
    }

    private async Task GiveAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
                await TryAsync(TurnAsync, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // that is how it ends
        }
        finally
        {
            lock (_lock)
            {
                foreach (var offer in _offers.Values)
                    offer.Taken.TrySetResult(null);
                _offers.Clear();
            }
        }

        async Task TurnAsync()
        {
            while (await GiveBatchAsync(cancellationToken).ConfigureAwait(false))
            {
            }

            await _work.WaitAsync(UntilNextDue(), cancellationToken).ConfigureAwait(false);
        }
    }

    private TimeSpan UntilNextDue()
    {
        lock (_lock)
        {
            var now = NowLocked();
            if (_offers.Count == 0 || _index.NextDue is not { } due)
                return Timeout.InfiniteTimeSpan;
            var wait = due - now;
            return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
        }
    }

    /// <summary>Gives one batch of builders what they are to build; false when there was nothing to give.</summary>
    private async Task<bool> GiveBatchAsync(CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var picks = Pick();
        if (picks.Count == 0)
            return false;
        var given = new Assignment?[picks.Count];
        try
        {
            // The builder first: what is dirty without a build is only cleaned once more, but a clean one with a build is not to be.
            var now = time.GetUtcNow();
            var dirty =
                await builders.TryReplaceAsync([.. picks.Select(pick => pick.Offer.Builder.Made(CleanState.Dirty, now))], cancellationToken)
                .ConfigureAwait(false);
            var held = Enumerable.Range(0, picks.Count).Where(i => dirty[i] is not null).ToList();
            var stored = await builds.TryReplaceAsync([.. held.Select(i => picks[i].Taken)], cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < held.Count; i++)
            {
                if (stored[i] is { } build)
                    given[held[i]] = new Assignment(dirty[held[i]]!, build);
            }
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // It may have been written all the same. Nobody goes on before that is known: a builder would be cleaned that has a build.
            await LearnAsync(cancellationToken).ConfigureAwait(false);
            throw;
        }
        finally
        {
            Settle(picks, given);
        }

        // Somebody else was faster: what it did is read at once, lest the same is tried again.
        if (Array.Exists(given, assignment => assignment is null))
            await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        logger.LogWorkGiven(given.Count(assignment => assignment is not null), Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        return true;
    }

    /// <summary>Reads what has changed, however long the store can't be reached.</summary>
    private async Task LearnAsync(CancellationToken cancellationToken)
    {
        while (!await TryAsync(() => CatchUpAsync(cancellationToken), cancellationToken).ConfigureAwait(false))
        {
        }
    }

    private List<Choice> Pick()
    {
        var picks = new List<Choice>();
        lock (_lock)
        {
            var now = NowLocked();
            _index.Promote(now);
            // Cut after the platforms are told apart: many idle builders of one must not hide those of another.
            foreach (var group in _offers.Values.Where(offer => !offer.IsPicked).GroupBy(offer => offer.Platform).ToList())
            {
                var offers = group.Take(BatchSize - picks.Count).ToList();
                if (offers.Count == 0)
                    break;
                var found = _index.Pick(offers[0].Builder, offers.Count, now);
                for (var i = 0; i < found.Count; i++)
                {
                    var taken = found[i].Dispatched(offers[i].Builder.Name, now);
                    _index.Take(found[i], taken, now);
                    offers[i].IsPicked = true;
                    picks.Add(new Choice(offers[i], found[i], taken));
                }
            }
        }

        return picks;
    }

    private void Settle(List<Choice> picks, Assignment?[] given)
    {
        lock (_telling)
        {
            foreach (var (pick, assignment) in picks.Zip(given))
            {
                lock (_lock)
                {
                    _offers.Remove(pick.Offer.Builder.Name);
                    if (!_index.Settle(pick.Taken, assignment?.Build, NowLocked()))
                        continue; // the feed was faster: it has told of it, too
                }

                if (assignment is not null)
                    Changed?.Invoke(pick.Before, assignment.Build);
            }
        }

        foreach (var (pick, assignment) in picks.Zip(given))
            pick.Offer.Taken.TrySetResult(assignment);
    }

    private sealed class Offer(Builder builder)
    {
        public Builder Builder { get; } = builder;

        public string Platform { get; } = Choosing.Platform.Of(builder);

        public bool IsPicked { get; set; }

        public TaskCompletionSource<Assignment?> Taken { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed record Choice(Offer Offer, Build Before, Build Taken);
}

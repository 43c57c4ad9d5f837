namespace Buildd.Master.Builds;

/// <summary>
/// Builds in memory, for tests and for farms that live no longer than their program: everything is lost with the process.
/// </summary>
/// <param name="time">The clock; the system's by default.</param>
public sealed class InMemoryBuilds(TimeProvider? time = null) : IBuildRecords, IQueuedBuilds
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _lock = new();
    private readonly List<Build> _builds = []; // in order of their numbers, which have no gaps
    private readonly List<ReadOnlyMemory<byte>> _specifications = [];
    private readonly Dictionary<string, long> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _onBuilder = new(StringComparer.Ordinal);
    private readonly SortedDictionary<long, Build> _queued = [];
    private readonly SortedSet<(long Revision, long Id)> _byRevision = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _revision;

    /// <summary>The number of the first build; 1 by default.</summary>
    internal long FirstId { get; init; } = 1;

    /// <inheritdoc/>
    public Task<IReadOnlyList<Build>> AddAsync(IReadOnlyList<NewBuild> builds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(builds);
        cancellationToken.ThrowIfCancellationRequested();
        var now = _time.GetUtcNow();
        lock (_lock)
        {
            var added = new Build[builds.Count];
            for (var i = 0; i < added.Length; i++)
            {
                added[i] = builds[i].UniqueKey is { } key && _keys.TryGetValue(key, out var id)
                    ? _builds[IndexOf(id)]
                    : AddLocked(builds[i], now);
            }

            TellLocked();
            return Task.FromResult<IReadOnlyList<Build>>(added);
        }
    }

    /// <inheritdoc/>
    public Task<Build?> FindAsync(long id, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
            return Task.FromResult(FindLocked(id));
    }

    /// <inheritdoc/>
    public Task<ReadOnlyMemory<byte>?> FindSpecificationAsync(long id, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
            return Task.FromResult(FindLocked(id) is null ? default(ReadOnlyMemory<byte>?) : _specifications[IndexOf(id)]);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Build>> ListAsync(BuildFilter filter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var fitting = new List<Build>();
            var end = (int)Math.Min(_builds.Count, (filter.Before ?? long.MaxValue) - FirstId);
            for (var i = end; i > 0 && fitting.Count < filter.Count; i--)
            {
                if (filter.Fits(_builds[i - 1]))
                    fitting.Add(_builds[i - 1]);
            }

            return Task.FromResult<IReadOnlyList<Build>>(fitting);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Build?>> TryReplaceAsync(IReadOnlyList<Build> builds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(builds);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var stored = new Build?[builds.Count];
            for (var i = 0; i < stored.Length; i++)
                stored[i] = TryReplaceLocked(builds[i]);
            TellLocked();
            return Task.FromResult<IReadOnlyList<Build?>>(stored);
        }
    }

    /// <inheritdoc/>
    public Task<QueueSnapshot> ReadQueueAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
            return Task.FromResult(new QueueSnapshot([.. _queued.Values], _revision));
    }

    /// <inheritdoc/>
    public Task<QueueListing> ListQueueAsync(BuildFilter filter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        cancellationToken.ThrowIfCancellationRequested();
        List<Build> fitting;
        lock (_lock)
            fitting = [.. _queued.Values.Where(filter.Fits)];
        var first = fitting
            .OrderBy(build => build.Queue switch { QueueState.Running or QueueState.Cancelling => 0, QueueState.Waiting => 1, _ => 2 })
            .ThenByDescending(build => build.Score)
            .ThenBy(build => build.Id)
            .Take(filter.Count);
        return Task.FromResult(new QueueListing([.. first], fitting.Count));
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Build>> ReadChangesAsync(long after, int most, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (after >= _revision)
                return Task.FromResult<IReadOnlyList<Build>>([]);
            var changes = _byRevision.GetViewBetween((after + 1, 0), (long.MaxValue, 0)).Take(most);
            return Task.FromResult<IReadOnlyList<Build>>([.. changes.Select(change => _builds[IndexOf(change.Id)])]);
        }
    }

    /// <inheritdoc/>
    public Task WaitForChangeAsync(long after, CancellationToken cancellationToken = default)
    {
        lock (_lock)
            return _revision > after ? Task.CompletedTask : _changed.Task.WaitAsync(cancellationToken);
    }

    private static string? BuilderInUse(Build build) =>
        build.Queue is QueueState.Running or QueueState.Cancelling ? build.Builder : null;

    private int IndexOf(long id) => (int)(id - FirstId);

    private Build? FindLocked(long id) => id >= FirstId && id - FirstId < _builds.Count ? _builds[IndexOf(id)] : null;

    private Build AddLocked(NewBuild added, DateTimeOffset now)
    {
        var build = added.ToBuild(FirstId + _builds.Count, ++_revision, now);
        _builds.Add(build);
        _specifications.Add(added.Specification.ToArray());
        if (added.UniqueKey is { } key)
            _keys.Add(key, build.Id);
        _byRevision.Add((build.Revision, build.Id));
        _queued.Add(build.Id, build);
        return build;
    }

    private Build? TryReplaceLocked(Build build)
    {
        if (FindLocked(build.Id) is not { } before || before.Revision != build.Revision)
            return null;
        var builder = BuilderInUse(build);
        if (builder is not null && _onBuilder.TryGetValue(builder, out var other) && other != build.Id)
            return null;
        if (BuilderInUse(before) is { } left)
            _onBuilder.Remove(left);
        if (builder is not null)
            _onBuilder[builder] = build.Id;
        _byRevision.Remove((before.Revision, before.Id));
        var stored = build with { Revision = ++_revision };
        _byRevision.Add((stored.Revision, stored.Id));
        _builds[IndexOf(build.Id)] = stored;
        if (stored.Queue is null)
            _queued.Remove(stored.Id);
        else
            _queued[stored.Id] = stored;
        return stored;
    }

    private void TellLocked()
    {
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }
}

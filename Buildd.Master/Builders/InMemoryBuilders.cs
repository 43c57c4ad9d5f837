namespace Buildd.Master.Builders;

/// <summary>Builders in memory, for tests and for farms that live no longer than their program.</summary>
/// <param name="time">The clock of the leases; the system's by default.</param>
public sealed class InMemoryBuilders(TimeProvider? time = null) : IBuilderRecords
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _lock = new();
    private readonly LeaseClock _leases = new(time ?? TimeProvider.System);
    private readonly SortedDictionary<string, Builder> _builders = new(StringComparer.Ordinal);
    private long _revision;

    /// <inheritdoc/>
    public Task<IReadOnlyList<Builder>> ListAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
            return Task.FromResult<IReadOnlyList<Builder>>([.. _builders.Values]);
    }

    /// <inheritdoc/>
    public Task<Builder?> FindAsync(string name, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
            return Task.FromResult(_builders.GetValueOrDefault(name));
    }

    /// <inheritdoc/>
    public Task<Builder?> TryAddAsync(Builder builder, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(builder);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var added = builder with { Revision = ++_revision, LeaseOwner = null, LeaseExpires = null };
            return Task.FromResult(_builders.TryAdd(builder.Name, added) ? added : null);
        }
    }

    /// <inheritdoc/>
    public Task<bool> RemoveAsync(string name, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
            return Task.FromResult(_builders.Remove(name));
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Builder?>> TryReplaceAsync(IReadOnlyList<Builder> builders, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(builders);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
            return Task.FromResult<IReadOnlyList<Builder?>>([.. builders.Select(TryReplaceLocked)]);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Builder>> LeaseAsync(
        string owner, TimeSpan duration, int most = int.MaxValue, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(owner);
        cancellationToken.ThrowIfCancellationRequested();
        var now = _time.GetUtcNow();
        lock (_lock)
        {
            var own = _builders.Values.Where(builder => builder.LeaseOwner == owner).ToList();
            var free = _builders.Values.Where(
                builder => builder.LeaseOwner is null
                    || (builder.LeaseOwner != owner && _leases.HasRunOut(builder.LeaseExpires, duration)));
            own.AddRange(free.Take(Math.Max(0, most - own.Count)).ToList()
                .Select(builder => builder with { LeaseOwner = owner, Revision = ++_revision }));
            for (var i = 0; i < own.Count; i++)
                _builders[own[i].Name] = own[i] = own[i] with { LeaseExpires = now + duration };
            return Task.FromResult<IReadOnlyList<Builder>>([.. own.OrderBy(builder => builder.Name, StringComparer.Ordinal)]);
        }
    }

    /// <inheritdoc/>
    public Task ReleaseAsync(string owner, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            foreach (var builder in _builders.Values.Where(builder => builder.LeaseOwner == owner).ToList())
                _builders[builder.Name] = builder with { LeaseOwner = null, LeaseExpires = null, Revision = ++_revision };
        }

        return Task.CompletedTask;
    }

    private Builder? TryReplaceLocked(Builder builder)
    {
        if (!_builders.TryGetValue(builder.Name, out var before) || before.Revision != builder.Revision)
            return null;
        return _builders[builder.Name] =
            builder with { Revision = ++_revision, LeaseOwner = before.LeaseOwner, LeaseExpires = before.LeaseExpires };
    }
}

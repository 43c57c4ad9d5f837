using Buildd.Master.Builds;
using Buildd.Master.Logs;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Scanning;

/// <summary>What is remembered of one attempt from one look at the slave to the next: nothing that can't be found out again.</summary>
internal sealed class AttemptWatch : IDisposable
{
    private readonly AttemptLog _log;
    private readonly LogFollower _follower;
    private readonly PhaseTracker _phases = new();
    private readonly ProgressTracker _progress = new();
    private ReadOnlyMemory<byte>? _tail;

    public AttemptWatch(
        Build build, ISlaveClient slave, LogStore logs, IReadOnlyList<ReadOnlyMemory<byte>> secrets, long maxLogBytes, ILogger logger)
    {
        (Id, Attempt) = (build.Id, build.Attempt);
        _log = AttemptLog.Open(logs.RunningPath(build), secrets, maxLogBytes, () => logs.Room);
        _follower = new LogFollower(slave, logger, _log.Offset);
    }

    public long Id { get; }

    public int Attempt { get; }

    /// <summary>Whether the slave was told to abort.</summary>
    public bool AbortTold { get; set; }

    public string? Phase => _phases.Current;

    public bool IsOf(Build build) => build.Id == Id && build.Attempt == Attempt;

    /// <summary>The phases and the progress since the last look.</summary>
    public IEnumerable<BuildEvent> Advances(StatusReply status)
    {
        foreach (var happened in _phases.Update(status.Extra))
            yield return happened;
        if (_progress.Update(status.Extra) is { } progress)
            yield return progress;
    }

    /// <summary>Takes what was logged since the last look.</summary>
    /// <returns>How long the log is now; null when it has not changed.</returns>
    public async Task<long?> FollowAsync(StatusReply status, CancellationToken cancellationToken)
    {
        // Where the end has not changed there is nothing new: one call less per look at a quiet build.
        if (_tail is { } known && status.LogTail is { IsEmpty: false } tail && known.Span.SequenceEqual(tail.Span))
            return null;
        var before = _log.Length;
        var changed = false;
        await foreach (var happened in _follower.FollowAsync(status, cancellationToken).ConfigureAwait(false))
        {
            changed |= happened is LogRestarted;
            switch (happened)
            {
                case LogRestarted:
                    _log.Restart();
                    break;
                case LogGrew { Offset: not null } grew:
                    _log.Append(grew.Bytes.Span);
                    break;
                case LogGrew grew:
                    _log.AppendLoose(grew.Bytes.Span, !grew.Continuous);
                    break;
            }
        }

        // Only then: what could not be read now is asked for again, though the end stays as it is.
        _tail = _follower.Failure is null ? status.LogTail : null;
        return changed || _log.Length != before ? _log.Length : null;
    }

    /// <summary>Takes the rest of the log of a build that has ended.</summary>
    /// <exception cref="SlaveException">It can't be had now.</exception>
    public async Task CompleteAsync(StatusReply status, CancellationToken cancellationToken)
    {
        _tail = null;
        await FollowAsync(status, cancellationToken).ConfigureAwait(false);
        if (_follower.Failure is { } failure)
            throw failure;
        _log.Complete();
    }

    /// <summary>Ends it with what there is.</summary>
    public void Complete() => _log.Complete();

    public void Dispose()
    {
        _log.Mark();
        _log.Dispose();
    }
}

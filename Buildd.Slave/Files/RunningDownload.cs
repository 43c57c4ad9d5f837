using Buildd.Protocol.Messages;

namespace Buildd.Slave.Files;

/// <summary>A download, who asked for it first, and how many wait for it. Any thread may call.</summary>
internal sealed class RunningDownload
{
    /// <summary>The time for which a download goes on that nobody waits for: a master that was restarted asks again.</summary>
    internal static readonly TimeSpan AbandonTimeout = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly EnsurePresentCall _call;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop;
    private readonly CancellationToken _slaveStops;
    private readonly Func<RunningDownload, Task<EnsurePresentReply?>> _start;
    private Task<EnsurePresentReply?>? _reply;
    private ITimer? _patience;
    private int _waiting;
    private bool _hasEnded;

    internal RunningDownload(
        EnsurePresentCall call, TimeProvider time, Func<RunningDownload, Task<EnsurePresentReply?>> start,
        CancellationToken slaveStops)
    {
        (_call, _time, _slaveStops, _start) = (call, time, slaveStops, start);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(slaveStops);
        Stopping = _stop.Token;
    }

    internal EnsurePresentCall Call => _call;

    /// <summary>Ends the download: with the slave, or when nobody waits for it any more.</summary>
    internal CancellationToken Stopping { get; }

    internal bool IsAbandoned => Stopping.IsCancellationRequested && !_slaveStops.IsCancellationRequested;

    /// <summary>Counts a caller in, until what is returned is disposed of.</summary>
    internal IDisposable Join()
    {
        lock (_lock)
        {
            _waiting++;
            _patience?.Dispose();
            _patience = null;
        }

        return new Waiting(this);
    }

    /// <summary>The download is over.</summary>
    internal void End()
    {
        lock (_lock)
        {
            _hasEnded = true;
            _patience?.Dispose();
            _patience = null;
            _stop.Dispose();
        }
    }

    /// <summary>The answer; whoever asks first starts the download.</summary>
    internal Task<EnsurePresentReply?> Reply
    {
        get
        {
            lock (_lock)
                return _reply ??= _start(this);
        }
    }

    /// <summary>Whether the caller would have had just this download made.</summary>
    internal bool IsFor(EnsurePresentCall other) =>
        (_call.Url, _call.UserName, _call.Password) == (other.Url, other.UserName, other.Password);

    private void Leave()
    {
        lock (_lock)
        {
            if (--_waiting == 0 && !_hasEnded)
                _patience = _time.CreateTimer(_ => Abandon(), null, AbandonTimeout, Timeout.InfiniteTimeSpan);
        }
    }

    private void Abandon()
    {
        lock (_lock)
        {
            if (_waiting > 0 || _hasEnded)
                return;
        }

        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // it ended in this moment
        }
    }

    private sealed class Waiting(RunningDownload download) : IDisposable
    {
        public void Dispose() => download.Leave();
    }
}

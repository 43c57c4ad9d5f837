using Buildd.Slave.Builds;

namespace Buildd.Backends.PlugIn;

/// <summary>Decides when a plug-in's command has to end before it does so by itself, and remembers why. The first reason counts.</summary>
/// <remarks>Methods may be called from any thread.</remarks>
internal sealed class PlugInWatch : IDisposable
{
    internal const string TimedOut = "timeout";
    internal const string Stalled = "stalled";
    internal const string Aborted = "aborted";

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly IBuildContext _context;
    private readonly PlugInOptions _options;
    private readonly ITimer? _timeout;
    private readonly ITimer? _stall;
    private readonly CancellationTokenRegistration _abort;
    private long _heard;
    private bool _over;

    internal PlugInWatch(IBuildContext context, PlugInOptions options, CancellationToken abort)
    {
        _context = context;
        _options = options;
        Heard();
        if (options.Timeout > TimeSpan.Zero)
        {
            _timeout = context.Time.CreateTimer(
                _ => End(TimedOut, $"The build has taken {options.Timeout.TotalSeconds} s, which is its timeout: it is ended."),
                null, options.Timeout, Timeout.InfiniteTimeSpan);
        }

        // Made first and started then: it may be called before the constructor would have stored it.
        _stall = context.Time.CreateTimer(_ => LookForStall(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (options.StallTimeout > TimeSpan.Zero)
            _stall.Change(options.StallTimeout, Timeout.InfiniteTimeSpan);
        _abort = abort.Register(() => End(Aborted, "The build is aborted: it is ended."));
    }

    /// <summary>Is cancelled when the command has to end.</summary>
    internal CancellationToken Token => _stop.Token;

    /// <summary>Why it had to end, as the status member tells it; null when it did not have to.</summary>
    internal string? Cause { get; private set; }

    /// <summary>When it had to end, as a timestamp of the build's clock.</summary>
    internal long EndedAt { get; private set; }

    /// <summary>The command has written something.</summary>
    internal void Heard() => Volatile.Write(ref _heard, _context.Time.GetTimestamp());

    public void Dispose()
    {
        lock (_lock)
            _over = true;
        _abort.Dispose();
        _timeout?.Dispose();
        _stall?.Dispose();
        _stop.Dispose();
    }

    private void LookForStall()
    {
        var silent = _context.Time.GetElapsedTime(Volatile.Read(ref _heard));
        if (silent >= _options.StallTimeout)
        {
            End(Stalled, $"The build has written nothing for {_options.StallTimeout.TotalSeconds} s, which is its stall-timeout: it is ended.");
            return;
        }

        lock (_lock)
        {
            if (!_over)
                _stall!.Change(_options.StallTimeout - silent, Timeout.InfiniteTimeSpan);
        }
    }

    private void End(string cause, string message)
    {
        lock (_lock)
        {
            if (_over || Cause is not null)
                return;
            Cause = cause;
            EndedAt = _context.Time.GetTimestamp();
            _context.Log.WriteLine(message);
            _ = _stop.CancelAsync(); // not waited for: who listens must not run under our lock
        }
    }
}

using System.Globalization;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.Limits;

/// <summary>
/// Decides when a build has to end before it does so by itself, and remembers why: an abort, or a limit. The first reason counts.
/// </summary>
/// <remarks>Methods may be called from any thread.</remarks>
internal sealed class BuildWatch : IAsyncDisposable
{
    internal const string TimedOut = "timeout";
    internal const string Stalled = "stalled";
    internal const string Aborted = "aborted";
    internal const string OutOfMemory = "oom";
    internal const string LogTooLong = "log";
    internal const string DiskUsedUp = "disk";

    /// <summary>How often is looked at what nobody tells us.</summary>
    internal static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    /// <summary>How often memory is looked at where the kernel does not keep its peak; it means looking at each process.</summary>
    internal static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly IBuildContext _context;
    private readonly ProcessScope _scope;
    private readonly BuildLimits _limits;
    private readonly long _start;
    private readonly ITimer? _time;
    private readonly ITimer _silence;
    private readonly CancellationTokenRegistration _abort;
    private readonly bool _keepsPeak;
    private readonly Task _looking;
    private long _sampledBytes;
    private bool _over;

    internal BuildWatch(IBuildContext context, ProcessScope scope, BuildLimits limits, CancellationToken abort)
    {
        (_context, _scope, _limits) = (context, scope, limits);
        _start = context.Time.GetTimestamp();
        if (BuildLimits.Describe(scope.MissingControllers) is { } missing)
            context.Log.WriteLine(missing);
        if (limits.Time > TimeSpan.Zero)
        {
            _time = context.Time.CreateTimer(
                _ => End(TimedOut, $"The build has taken {Seconds(limits.Time)} s, which is the limit: it is ended."),
                null, limits.Time, Timeout.InfiniteTimeSpan);
        }

        // Made first and started then: it may be called before the constructor would have stored it.
        _silence = context.Time.CreateTimer(_ => LookForSilence(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (limits.Silence > TimeSpan.Zero)
            _silence.Change(limits.Silence, Timeout.InfiniteTimeSpan);
        _keepsPeak = scope.Usage()?.PeakMemoryBytes is not null;
        _looking = LookAsync(_closing.Token);
        _abort = abort.Register(() => End(Aborted, "The build is aborted: it is ended."));
    }

    /// <summary>Is cancelled when the build has to end.</summary>
    internal CancellationToken Token => _stop.Token;

    /// <summary>Why it had to end, as the status member tells it; null when it did not have to.</summary>
    internal string? Cause { get; private set; }

    /// <summary>What a build that had to end is for the master.</summary>
    internal BuildStatus Status => Cause == Aborted ? BuildStatus.Aborted : BuildStatus.PackageFail;

    /// <summary>When it had to end, as a timestamp of the build's clock.</summary>
    internal long EndedAt { get; private set; }

    /// <summary>
    /// Looks whether the limit of memory has cost the build a process. A build that fails of that may well be over before that
    /// is noticed otherwise.
    /// </summary>
    internal bool HasRunOutOfMemory()
    {
        if (_limits.MemoryBytes > 0 && _scope.OutOfMemoryKills() > 0)
            End(
                OutOfMemory,
                $"The kernel has killed a process of the build, which had used up its {_limits.MemoryBytes} bytes of memory: it is ended.");
        return Cause == OutOfMemory;
    }

    /// <summary>Adds the line that says what the build has used.</summary>
    internal void WriteUsage()
    {
        var usage = _scope.Usage();
        var cpu =
            usage is null ? "processor time is not known (there is no control group)" : $"{Seconds(usage.CpuTime)} s of processor time";
        var memory = usage?.PeakMemoryBytes is { } peak
            ? $"{Mebibytes(peak)} MiB of memory at the most"
            : $"at least {Mebibytes(Volatile.Read(ref _sampledBytes))} MiB of memory at the most (looked at every "
            + $"{SampleInterval.TotalSeconds:0} s)";
        _context.Log.WriteLine($"The build used: {cpu}, {memory}, {Seconds(_context.Time.GetElapsedTime(_start))} s in all.");
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock)
            _over = true;
        await _abort.DisposeAsync().ConfigureAwait(false);
        if (_time is not null)
            await _time.DisposeAsync().ConfigureAwait(false);
        await _silence.DisposeAsync().ConfigureAwait(false);
        await _closing.CancelAsync().ConfigureAwait(false);
        await _looking.ConfigureAwait(false);
        _closing.Dispose();
        _stop.Dispose();
    }

    private void LookForSilence()
    {
        var waited = _context.Time.GetElapsedTime(_start);
        var silent = _context.Log.Silence < waited ? _context.Log.Silence : waited;
        if (silent >= _limits.Silence)
        {
            End(Stalled, $"The build has written nothing for {Seconds(_limits.Silence)} s, which is the limit: it is ended.");
            return;
        }

        lock (_lock)
        {
            if (!_over)
                _silence.Change(_limits.Silence - silent, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Looks again and again at log, memory and disk.</summary>
    private async Task LookAsync(CancellationToken closing)
    {
        if (_keepsPeak && _limits is { LogBytes: 0, MemoryBytes: 0, DiskBytes: 0 })
            return;

        var sampled = _start;
        try
        {
            var disk = _limits.DiskBytes > 0 ? new DiskWatch(_context.Directory, _limits.DiskBytes, _context.Time) : null;
            while (true)
            {
                await Task.Delay(LookInterval, _context.Time, closing).ConfigureAwait(false);
                if (!_keepsPeak && _context.Time.GetElapsedTime(sampled) >= SampleInterval)
                {
                    Volatile.Write(ref _sampledBytes, Math.Max(_sampledBytes, _scope.ResidentBytes()));
                    sampled = _context.Time.GetTimestamp();
                }

                if (_limits.LogBytes > 0 && _context.Log.Length is var length && length > _limits.LogBytes)
                    End(LogTooLong, $"The build has written {length} bytes to its log, and {_limits.LogBytes} are the limit: it is ended.");
                HasRunOutOfMemory();
                if (disk is not null && await disk.LookAsync(closing).ConfigureAwait(false) is { } size)
                    End(DiskUsedUp, $"The build's folder takes {size} bytes, and {_limits.DiskBytes} are the limit: it is ended.");
            }
        }
        catch (OperationCanceledException)
        {
            // the build is over
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ProcessException)
        {
            _context.Log.WriteLine($"What the build uses can't be watched any more: {e.Message}");
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

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);

    private static string Mebibytes(long bytes) => (bytes / (1024.0 * 1024)).ToString("0.#", CultureInfo.InvariantCulture);
}

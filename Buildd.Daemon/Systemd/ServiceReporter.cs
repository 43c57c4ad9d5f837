using System.Net.Sockets;
using Buildd.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Lifecycle;

namespace Buildd.Daemon.Systemd;

/// <summary>
/// Keeps systemd informed while the slave runs: what is built at the moment, and that the slave lives. It is no sign of
/// life that a timer fires, so each time the builder is asked first: one that is stuck, or a program without a thread
/// left to run on, is silent, and systemd starts it anew.
/// </summary>
internal sealed class ServiceReporter(ServiceManager systemd, Func<BuilderActivity> look, string address, TimeProvider time, ILogger logger)
{
    /// <summary>How old what systemd shows may be.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>So many signs of life come in the time that systemd waits for one; sd_watchdog_enabled(3) asks for two.</summary>
    private const int SignsPerWatchdog = 3;

    private bool _isSilent;

    /// <summary>Reports until it is cancelled; returns at once when nobody listens.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        if (!systemd.IsThere)
            return;
        var signEvery = systemd.Watchdog / SignsPerWatchdog;
        var wait = signEvery < Interval ? signEvery.Value : Interval;
        var told = "";
        var lastSign = time.GetTimestamp();
        try
        {
            while (true)
            {
                var status = Describe(look());
                if (status != told && Tell(() => systemd.Status(status)))
                    told = status;
                if (signEvery is not null && time.GetElapsedTime(lastSign) >= signEvery && Tell(systemd.Alive))
                    lastSign = time.GetTimestamp();
                await Task.Delay(wait, time, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // the slave stops
        }
    }

    /// <summary>What <c>systemctl status</c> shows.</summary>
    internal string Describe(BuilderActivity activity) => activity switch
    {
        { Status: BuilderStatus.Building, Phase: null } => $"building {activity.BuildId} ({activity.Tag})",
        { Status: BuilderStatus.Building } => $"building {activity.BuildId} ({activity.Tag}): {activity.Phase}",
        { Status: BuilderStatus.Aborting } => $"aborting {activity.BuildId} ({activity.Tag})",
        { Status: BuilderStatus.Waiting } => $"waiting for the master to fetch {activity.BuildId} ({activity.Tag})",
        _ => $"idle; listens at {address}",
    };

    /// <summary>A systemd that does not listen is no reason to stop building; it is worth a line once.</summary>
    private bool Tell(Action notify)
    {
        try
        {
            notify();
            _isSilent = false;
            return true;
        }
        catch (SocketException e)
        {
            if (!_isSilent)
                logger.LogSystemdNotTold(e);
            _isSilent = true;
            return false;
        }
    }
}

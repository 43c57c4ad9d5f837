using Buildd.Linux.Systemd;
using Buildd.Protocol.Messages;
using Buildd.Slave.Lifecycle;

namespace Buildd.Daemon.Systemd;

/// <summary>
/// Keeps systemd informed while the slave runs: what is built at the moment, and that the slave lives. It is no sign of
/// life that a timer fires, so each time the builder is asked first: one that is stuck, or a program without a thread
/// left to run on, is silent, and systemd starts it anew.
/// </summary>
/// <param name="systemd">Who is notified.</param>
/// <param name="watchdog">How long systemd waits for a sign of life; null when it does not watch.</param>
/// <param name="look">Asks the builder what it does.</param>
/// <param name="address">Where the slave listens.</param>
/// <param name="time">The clock.</param>
internal sealed class ServiceReporter(
    ServiceNotifier systemd, TimeSpan? watchdog, Func<BuilderActivity> look, string address, TimeProvider time)
{
    /// <summary>How old what systemd shows may be.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>So many signs of life come in the time that systemd waits for one; sd_watchdog_enabled(3) asks for two.</summary>
    private const int SignsPerWatchdog = 3;

    /// <summary>Reports until it is cancelled; returns at once when nobody listens.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        if (!systemd.IsEnabled)
            return;
        var signEvery = watchdog / SignsPerWatchdog;
        var wait = signEvery < Interval ? signEvery.Value : Interval;
        var told = "";
        var lastSign = time.GetTimestamp();
        try
        {
            while (true)
            {
                var status = Describe(look());
                if (status != told && systemd.Status(status))
                    told = status;
                if (signEvery is not null && time.GetElapsedTime(lastSign) >= signEvery && systemd.Alive())
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
}

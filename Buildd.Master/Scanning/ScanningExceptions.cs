using Buildd.Protocol.Messages;

namespace Buildd.Master.Scanning;

/// <summary>
/// The slave no longer has the build: it restarted, was cleaned by someone else, or has another build. The build is to
/// be tried again; there is nothing to fetch.
/// </summary>
public sealed class BuildLostException(Uri slave, string cookie, StatusReply status)
    : MasterException($"{slave} has lost the build {cookie}: it is {status.Status}"
        + (status.BuildId is null ? "." : $" with the build {Secrets.Quote(status.BuildId)}."))
{
    /// <summary>The build.</summary>
    public string Cookie { get; } = cookie;

    /// <summary>What the slave said instead.</summary>
    public StatusReply Status { get; } = status;
}

/// <summary>The slave was told to abort the build and did not end it in time. It is to be looked after by a human.</summary>
public sealed class AbortTimeoutException(Uri slave, string cookie, TimeSpan timeout)
    : MasterException($"{slave} did not end the build {cookie} within {timeout.TotalSeconds:0} s of being told to abort it.")
{
    /// <summary>The build.</summary>
    public string Cookie { get; } = cookie;

    /// <summary>How long it had, see <see cref="MonitorOptions.AbortTimeout"/>.</summary>
    public TimeSpan Timeout { get; } = timeout;
}

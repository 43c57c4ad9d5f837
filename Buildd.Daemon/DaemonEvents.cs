using System.Net;

namespace Buildd.Daemon;

/// <summary>What the program itself says in its log.</summary>
/// <remarks>One class in one file: several would be generated in an order that changes from one build to the next.</remarks>
internal static partial class DaemonEvents
{
    [LoggerMessage(LogLevel.Information, "buildd-slave {Version} listens at {Address}")]
    internal static partial void LogReady(this ILogger logger, string version, string address);

    [LoggerMessage(LogLevel.Warning, "{Warning}")]
    internal static partial void LogConfigurationWarning(this ILogger logger, string warning);

    [LoggerMessage(LogLevel.Error, "Builds of {Kind} are to take place in overlays, and will fail: {Mistake}")]
    internal static partial void LogEnvironmentImpossible(this ILogger logger, string kind, string mistake);

    [LoggerMessage(
        LogLevel.Warning, "Builds of {Kind} take place in chroots that are unpacked each time, since overlays can't be used: {Mistake}")]
    internal static partial void LogEnvironmentFallback(this ILogger logger, string kind, string mistake);

    [LoggerMessage(LogLevel.Information, "{Address} is not allowed to connect")]
    internal static partial void LogAddressNotAllowed(this ILogger logger, EndPoint? address);

    [LoggerMessage(LogLevel.Information, "certificates and token were read again")]
    internal static partial void LogSecretsReloaded(this ILogger logger);

    [LoggerMessage(LogLevel.Error, "certificates and token stay as they were, because what there is now can't be used: {Mistakes}")]
    internal static partial void LogSecretsKept(this ILogger logger, string mistakes);

    [LoggerMessage(LogLevel.Information, "What needs root is done {How}")]
    internal static partial void LogRunsAsRoot(this ILogger logger, string how);

    [LoggerMessage(
        LogLevel.Warning,
        "systemd could not be notified of {State}; the slave goes on without. NOTIFY_SOCKET should name a socket at which systemd listens")]
    internal static partial void LogSystemdUnreachable(this ILogger logger, Exception exception, string state);
}

namespace Buildd.Daemon;

/// <summary>What the program itself says in its log.</summary>
internal static partial class DaemonEvents
{
    [LoggerMessage(LogLevel.Information, "buildd-slave {Version} listens at {Address}")]
    internal static partial void LogReady(this ILogger logger, string version, string address);

    [LoggerMessage(LogLevel.Warning, "{Warning}")]
    internal static partial void LogConfigurationWarning(this ILogger logger, string warning);

    [LoggerMessage(LogLevel.Warning, "systemd can't be told that the service is {State}")]
    internal static partial void LogNotNotified(this ILogger logger, Exception exception, string state);
}

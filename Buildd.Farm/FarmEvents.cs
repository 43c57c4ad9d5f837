namespace Buildd.Farm;

/// <summary>The log messages of the farm's own parts; builds and builders are the master's.</summary>
internal static partial class FarmEvents
{
    [LoggerMessage(
        LogLevel.Warning,
        "Figures or traces could not be sent to the collector: {Message} Builds are not affected. Otlp-Endpoint or "
        + "OTEL_EXPORTER_OTLP_ENDPOINT names the collector; further failures are not logged for {Minutes} minutes")]
    internal static partial void LogNotSent(this ILogger logger, string message, double minutes);

    [LoggerMessage(LogLevel.Information, "Sent to {Address}, after {Tries} tries: {Subject}")]
    internal static partial void LogMailSentLater(this ILogger logger, string address, string subject, int tries);

    [LoggerMessage(LogLevel.Warning, "Again not sent to {Address}, and tried at {Due:u}: {Subject}")]
    internal static partial void LogMailKeptAgain(
        this ILogger logger, Exception exception, string address, string subject, DateTimeOffset due);

    [LoggerMessage(LogLevel.Error, "Not sent to {Address}, and given up after {Tries} tries: {Subject}")]
    internal static partial void LogMailGivenUp(this ILogger logger, Exception exception, string address, string subject, int tries);

    [LoggerMessage(LogLevel.Error, "{Path} is no mail that waits; it was put aside")]
    internal static partial void LogBadMail(this ILogger logger, Exception exception, string path);

    [LoggerMessage(LogLevel.Error, "The folder {Folder} for mail that waits can't be used; mail is tried once only")]
    internal static partial void LogMailFolder(this ILogger logger, Exception exception, string folder);
}

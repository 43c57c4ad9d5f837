using Buildd.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace Buildd.Slave.Lifecycle;

internal sealed partial class Builder
{
    [LoggerMessage(LogLevel.Information, "Build {BuildId} ({Tag}) started")]
    private partial void LogStarted(string buildId, string tag);

    [LoggerMessage(LogLevel.Warning, "The backend of build {BuildId} has set a status member that can't be sent; it is left out")]
    private partial void LogUnfitMember(string? buildId);

    [LoggerMessage(LogLevel.Information, "Build {BuildId} is being aborted")]
    private partial void LogAborting(string? buildId);

    [LoggerMessage(LogLevel.Warning, "The slave was killed while build {BuildId} was in phase {Phase}: what is left of it is being ended")]
    private partial void LogResumed(string buildId, string phase);

    [LoggerMessage(LogLevel.Information, "Build {BuildId} ended: {Status}")]
    private partial void LogEnded(string? buildId, BuildStatus status);

    [LoggerMessage(LogLevel.Warning, "Stopping while build {BuildId} runs: it is ended, which may take up to {Deadline}")]
    private partial void LogStopping(string? buildId, TimeSpan deadline);

    [LoggerMessage(LogLevel.Error, "Build {BuildId} did not end within {Deadline}: what it started may still be running")]
    private partial void LogNotStopped(string? buildId, TimeSpan deadline);
}

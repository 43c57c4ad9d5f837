using Buildd.Protocol;
using Buildd.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace Buildd.Slave;

/// <summary>What the slave says in its log.</summary>
/// <remarks>One class in one file: several would be generated in an order that changes from one build to the next.</remarks>
internal static partial class SlaveEvents
{
    [LoggerMessage(
        LogLevel.Information,
        "Removed {Count} files of {Bytes} bytes that were not used for longest; {Total} bytes stay in the file cache")]
    internal static partial void LogFilesEvicted(this ILogger logger, int count, long bytes, long total);

    [LoggerMessage(LogLevel.Warning, "{Path} could not be removed from the file cache")]
    internal static partial void LogFileNotRemoved(this ILogger logger, Exception exception, string path);

    [LoggerMessage(LogLevel.Warning, "The time of last use of {Path} could not be noted: it may be removed from the file cache too early")]
    internal static partial void LogUseNotNoted(this ILogger logger, Exception exception, string path);

    [LoggerMessage(LogLevel.Error, "The file cache {Directory} can't be locked: another slave that uses it would not be noticed")]
    internal static partial void LogCacheNotTaken(this ILogger logger, Exception exception, string directory);

    [LoggerMessage(LogLevel.Warning, "The file cache {Directory} can't be closed to other accounts: what they may read of it, they can")]
    internal static partial void LogCacheNotClosed(this ILogger logger, Exception exception, string directory);

    [LoggerMessage(LogLevel.Information, "Fetching {Sha1} by url {Url}")]
    internal static partial void LogFetching(this ILogger logger, string sha1, string url);

    [LoggerMessage(LogLevel.Information, "Fetched {Sha1}: {Bytes} bytes in {Time}")]
    internal static partial void LogFetched(this ILogger logger, string sha1, long bytes, TimeSpan time);

    [LoggerMessage(LogLevel.Warning, "{Sha1} was not fetched: {Reason}")]
    internal static partial void LogNotFetched(this ILogger logger, string sha1, string reason);

    [LoggerMessage(LogLevel.Information, "Removed {Count} files from the file cache that an earlier run left half done")]
    internal static partial void LogLeftoversRemoved(this ILogger logger, int count);

    [LoggerMessage(LogLevel.Information, "Removed {Bytes} bytes that were made of the file {Sha1}")]
    internal static partial void LogDerivedRemoved(this ILogger logger, long bytes, Sha1 sha1);

    [LoggerMessage(LogLevel.Error, "The file cache could not be {What}")]
    internal static partial void LogCacheNotKept(this ILogger logger, Exception exception, string what);

    [LoggerMessage(LogLevel.Warning, "{Method} was refused: {Reason}")]
    internal static partial void LogCallRefused(this ILogger logger, string method, string reason);

    [LoggerMessage(LogLevel.Error, "{Method} failed")]
    internal static partial void LogCallBroken(this ILogger logger, Exception exception, string method);

    [LoggerMessage(LogLevel.Error, "The backend of build {BuildId} failed")]
    internal static partial void LogBackendBroken(this ILogger logger, Exception exception, string buildId);

    [LoggerMessage(LogLevel.Error, "The log of build {BuildId} could not be written to its end")]
    internal static partial void LogLogBroken(this ILogger logger, Exception exception, string buildId);

    [LoggerMessage(
        LogLevel.Error, "The build folder {Directory} could not be removed. It is {Aside} now; the next start of the slave tries again")]
    internal static partial void LogBuildFolderLeft(this ILogger logger, Exception exception, string directory, string aside);

    [LoggerMessage(LogLevel.Information, "Removed {Directory}, which a build had left")]
    internal static partial void LogLeftFolderRemoved(this ILogger logger, string directory);

    [LoggerMessage(LogLevel.Error, "{Directory}, which a build had left, could not be removed; the next start of the slave tries again")]
    internal static partial void LogLeftFolderStays(this ILogger logger, Exception exception, string directory);

    [LoggerMessage(LogLevel.Information, "Build {BuildId} ({Tag}) started")]
    internal static partial void LogBuildStarted(this ILogger logger, string buildId, string tag);

    [LoggerMessage(LogLevel.Warning, "The backend of build {BuildId} has set a status member that can't be sent; it is left out")]
    internal static partial void LogUnfitMember(this ILogger logger, string? buildId);

    [LoggerMessage(LogLevel.Information, "Build {BuildId} is being aborted")]
    internal static partial void LogBuildAborting(this ILogger logger, string? buildId);

    [LoggerMessage(
        LogLevel.Error, "Build {BuildId}, aborted in phase {Phase}, has not ended after {Deadline}: what runs in its folder is killed")]
    internal static partial void LogAbortTakesLong(this ILogger logger, string buildId, string phase, TimeSpan deadline);

    [LoggerMessage(
        LogLevel.Critical,
        "Build {BuildId}, aborted in phase {Phase}, does not end: this slave can take no build any more, and has to be started again")]
    internal static partial void LogBuildStuck(this ILogger logger, string buildId, string phase);

    [LoggerMessage(LogLevel.Warning, "The slave was killed while build {BuildId} was in phase {Phase}: what is left of it is being ended")]
    internal static partial void LogBuildResumed(this ILogger logger, string buildId, string phase);

    [LoggerMessage(LogLevel.Information, "Build {BuildId} ended: {Status}")]
    internal static partial void LogBuildEnded(this ILogger logger, string? buildId, BuildStatus status);

    [LoggerMessage(LogLevel.Warning, "Stopping while build {BuildId} runs: it is ended, which may take up to {Deadline}")]
    internal static partial void LogStoppingWhileBuilding(this ILogger logger, string? buildId, TimeSpan deadline);

    [LoggerMessage(LogLevel.Error, "Build {BuildId} did not end within {Deadline}: what it started may still be running")]
    internal static partial void LogBuildNotStopped(this ILogger logger, string? buildId, TimeSpan deadline);

    [LoggerMessage(LogLevel.Information, "Build {BuildId} had ended before the slave was started; it waits for the master")]
    internal static partial void LogBuildRecalled(this ILogger logger, string? buildId);

    [LoggerMessage(LogLevel.Error, "Results may not be on the disk yet; if the machine goes down now, they may be lost")]
    internal static partial void LogJournalNotFlushed(this ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Error, "A change is not in the journal; if the slave is killed now, it comes back without it")]
    internal static partial void LogBuildNotRemembered(this ILogger logger, Exception exception);
}

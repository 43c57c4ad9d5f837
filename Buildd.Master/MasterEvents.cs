using Buildd.Protocol;
using Buildd.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace Buildd.Master;

/// <summary>What the library says in its log.</summary>
/// <remarks>One class in one file: several would be generated in an order that changes from one build to the next.</remarks>
internal static partial class MasterEvents
{
    [LoggerMessage(LogLevel.Information, "The master {Name} has started")]
    internal static partial void LogMasterStarted(this ILogger logger, string name);

    [LoggerMessage(LogLevel.Information, "The master {Name} has stopped")]
    internal static partial void LogMasterStopped(this ILogger logger, string name);

    [LoggerMessage(LogLevel.Information, "{Builder} at {Url} is looked after from now on")]
    internal static partial void LogBuilderAdded(this ILogger logger, string builder, Uri url);

    [LoggerMessage(LogLevel.Error, "{Builder} is not looked after until its address is changed: {Mistake}")]
    internal static partial void LogBuilderAddressRefused(this ILogger logger, string builder, string mistake);

    [LoggerMessage(LogLevel.Information, "{Builder} is no longer looked after")]
    internal static partial void LogBuilderRetired(this ILogger logger, string builder);

    [LoggerMessage(LogLevel.Warning, "{Cookie} goes back into the queue: its builder {Builder} was removed")]
    internal static partial void LogBuildOrphaned(this ILogger logger, BuildCookie cookie, string builder);

    [LoggerMessage(LogLevel.Critical, "A mistake in the program while {Doing}, which should be reported; all else goes on")]
    internal static partial void LogMistake(this ILogger logger, Exception exception, string doing);

    [LoggerMessage(LogLevel.Error, "The log of {Cookie} could not be gzipped; it is kept as it is, and tried again later")]
    internal static partial void LogLogNotPacked(this ILogger logger, Exception exception, BuildCookie cookie);

    [LoggerMessage(LogLevel.Error, "The logs that are to be gzipped could not be read; tried again later")]
    internal static partial void LogLogsNotPacked(this ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Error, "The list of builders could not be read; tried again later")]
    internal static partial void LogBuildersNotRead(this ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Warning, "A key to slaves has changed and can't be used; the one before stays")]
    internal static partial void LogKeysKept(this ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Error, "Leases could not be given back; they run out")]
    internal static partial void LogLeasesNotReleased(this ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Error, "Nobody could be told of the upload of {Cookie}; it is in incoming/ all the same")]
    internal static partial void LogSinkFailed(this ILogger logger, Exception exception, BuildCookie cookie);

    [LoggerMessage(LogLevel.Error, "The records can't be read or written; tried again soon")]
    internal static partial void LogStoreFailed(this ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Warning, "What was stored last was lost; the queue is read as it is now")]
    internal static partial void LogRecordsRewound(this ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Debug, "{Count} builders got work within {Milliseconds:0.0} ms")]
    internal static partial void LogWorkGiven(this ILogger logger, int count, double milliseconds);

    [LoggerMessage(LogLevel.Debug, "{Slave} has {Name} ({Info}) after {Seconds:0.0} s")]
    internal static partial void LogFilePresent(this ILogger logger, Uri slave, string name, string info, double seconds);

    [LoggerMessage(LogLevel.Information, "{Cookie} ({Tag}) runs on {Slave}, dispatched in {Seconds:0.0} s")]
    internal static partial void LogBuildAccepted(this ILogger logger, BuildCookie cookie, string tag, Uri slave, double seconds);

    [LoggerMessage(LogLevel.Warning, "The answer of {Slave} was lost, but it has taken {Cookie}")]
    internal static partial void LogAnswerLost(this ILogger logger, Exception exception, Uri slave, BuildCookie cookie);

    [LoggerMessage(LogLevel.Information, "Sent to {Address}: {Subject}")]
    internal static partial void LogMailSent(this ILogger logger, string address, string subject);

    [LoggerMessage(LogLevel.Warning, "Not sent to {Address} yet, and tried again at {Next:u}: {Subject}")]
    internal static partial void LogMailKept(
        this ILogger logger, Exception exception, string address, DateTimeOffset next, string subject);

    [LoggerMessage(LogLevel.Error, "Not sent to {Address}: {Subject}")]
    internal static partial void LogMailNotSent(this ILogger logger, Exception exception, string address, string subject);

    [LoggerMessage(LogLevel.Warning, "{Cookie}, {Title}: {State}")]
    internal static partial void LogBuildNotice(this ILogger logger, BuildCookie cookie, string title, string state);

    [LoggerMessage(LogLevel.Error, "The builder {Builder} is out of service: {Reason}")]
    internal static partial void LogBuilderNotice(this ILogger logger, string builder, string? reason);

    [LoggerMessage(LogLevel.Warning, "A dispatch has an open end")]
    internal static partial void LogDispatchUncertain(this ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Error, "{Cookie} could not be prepared; tried again later")]
    internal static partial void LogBuildNotPrepared(this ILogger logger, Exception exception, BuildCookie cookie);

    [LoggerMessage(LogLevel.Warning, "A slave misses a file that it had; it is sent again")]
    internal static partial void LogFileSentAgain(this ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Warning, "A slave can't build what its builder was to build")]
    internal static partial void LogSlaveUnable(this ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Information, "{Builder} has {Cookie}, which is watched from now on")]
    internal static partial void LogBuildAdopted(this ILogger logger, string builder, BuildCookie cookie);

    [LoggerMessage(LogLevel.Warning, "{Builder} can't be reached, and is reset")]
    internal static partial void LogBuilderReset(this ILogger logger, Exception exception, string builder);

    [LoggerMessage(LogLevel.Warning, "{Builder} has the build {Cookie}, which is not its own, and is rid of it")]
    internal static partial void LogBuilderRescued(this ILogger logger, string builder, string cookie);

    [LoggerMessage(LogLevel.Information, "{Cookie} has ended on {Builder}: {Status}")]
    internal static partial void LogBuildEnded(this ILogger logger, BuildCookie cookie, string builder, BuildStatus status);

    [LoggerMessage(LogLevel.Warning, "{Builder} could not be looked at ({Count} in a row)")]
    internal static partial void LogScanFailed(this ILogger logger, Exception exception, string builder, int count);

    [LoggerMessage(
        LogLevel.Error,
        "{Builder} ({BuilderFailures}) or {Cookie} ({JobFailures}) has failed; the builder: {BuilderVerdict}, the job: {JobVerdict}")]
    internal static partial void LogFailureJudged(
        this ILogger logger, Exception exception, string builder, int builderFailures, BuildCookie cookie, int jobFailures,
        Enum builderVerdict, Enum jobVerdict);

    [LoggerMessage(LogLevel.Error, "{Builder} has failed without a build ({Failures}); the builder: {Verdict}")]
    internal static partial void LogBuilderFailureJudged(
        this ILogger logger, Exception exception, string builder, int failures, Enum verdict);

    [LoggerMessage(LogLevel.Error, "The master has trouble of its own with {Builder}; tried again later")]
    internal static partial void LogOwnTrouble(this ILogger logger, Exception exception, string builder);

    [LoggerMessage(LogLevel.Warning, "Another master looks after {Builder}")]
    internal static partial void LogLeaseLost(this ILogger logger, string builder);

    [LoggerMessage(LogLevel.Error, "Nobody could be told about {Builder} or its build")]
    internal static partial void LogNobodyNotified(this ILogger logger, Exception exception, string builder);

    [LoggerMessage(LogLevel.Error, "{Leaf} is not needed any more and could not be removed")]
    internal static partial void LogUnneededLeafLeft(this ILogger logger, Exception exception, string leaf);

    [LoggerMessage(LogLevel.Warning, "Builder {Url} forgot about buildqueue {Id} -- resetting buildqueue record")]
    internal static partial void LogBuilderForgot(this ILogger logger, Uri url, long id);

    [LoggerMessage(LogLevel.Warning, "Builder {Url} has lost {Cookie}: it has the build {Other}")]
    internal static partial void LogBuildLost(this ILogger logger, Uri url, BuildCookie cookie, string other);

    [LoggerMessage(LogLevel.Information, "{Builder} was told to abort {Cookie}")]
    internal static partial void LogBuilderToldToAbort(this ILogger logger, string builder, BuildCookie cookie);

    [LoggerMessage(LogLevel.Warning, "{Builder} did not stop {Cookie} in time")]
    internal static partial void LogBuildNotStopped(this ILogger logger, string builder, BuildCookie cookie);

    [LoggerMessage(LogLevel.Debug, "{Builder} is clean")]
    internal static partial void LogBuilderClean(this ILogger logger, string builder);

    [LoggerMessage(LogLevel.Warning, "{Builder} sends the log of {Cookie} slowly; gone on with at the next look")]
    internal static partial void LogSlowLog(this ILogger logger, string builder, BuildCookie cookie);

    [LoggerMessage(LogLevel.Error, "The log of {Cookie} can't be written")]
    internal static partial void LogLogNotWritten(this ILogger logger, Exception exception, BuildCookie cookie);

    [LoggerMessage(LogLevel.Debug, "The log can't be read from {Slave}; tried again later")]
    internal static partial void LogLogNotRead(this ILogger logger, Exception exception, Uri slave);

    [LoggerMessage(LogLevel.Error, "Upload {Leaf} can't be processed now; it is tried again in {Delay}")]
    internal static partial void LogUploadPutOff(this ILogger logger, Exception exception, string leaf, TimeSpan delay);

    [LoggerMessage(LogLevel.Warning, "Leaf {Leaf} is left where it is: {Reason}")]
    internal static partial void LogLeafSkipped(this ILogger logger, string leaf, string reason);

    [LoggerMessage(LogLevel.Information, "Leaf {Leaf}: {Outcome}. {Reason}")]
    internal static partial void LogLeafProcessed(this ILogger logger, string leaf, Enum outcome, string reason);

    [LoggerMessage(LogLevel.Information, "Leaf {Leaf} would be {Outcome}. {Reason}")]
    internal static partial void LogLeafWouldBe(this ILogger logger, string leaf, Enum outcome, string reason);

    [LoggerMessage(LogLevel.Information, "Leaf {Leaf}: {Finding}")]
    internal static partial void LogLeafFinding(this ILogger logger, string leaf, string finding);

    [LoggerMessage(LogLevel.Error, "Leaf {Leaf} could not be processed")]
    internal static partial void LogLeafNotProcessed(this ILogger logger, Exception exception, string leaf);

    [LoggerMessage(LogLevel.Warning, "Leaf {Leaf} came too late")]
    internal static partial void LogLeafOvertaken(this ILogger logger, Exception exception, string leaf);

    [LoggerMessage(LogLevel.Warning, "Leaf {Leaf} was being processed when the last run was cut short ({Outcome}); going on with it")]
    internal static partial void LogLeafRecovering(this ILogger logger, string leaf, Enum outcome);
}

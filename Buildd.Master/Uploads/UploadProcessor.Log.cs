using Microsoft.Extensions.Logging;

namespace Buildd.Master.Uploads;

public sealed partial class UploadProcessor
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Leaf {Leaf} is left where it is: {Reason}")]
    private partial void LogSkipped(string leaf, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Leaf {Leaf}: {Outcome}. {Reason}")]
    private partial void LogProcessed(string leaf, UploadOutcome outcome, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Leaf {Leaf} would be {Outcome}. {Reason}")]
    private partial void LogWouldBe(string leaf, UploadOutcome outcome, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Leaf {Leaf}: {Finding}")]
    private partial void LogFinding(string leaf, string finding);

    [LoggerMessage(Level = LogLevel.Error, Message = "Leaf {Leaf} could not be processed")]
    private partial void LogBroken(Exception exception, string leaf);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Leaf {Leaf} came too late")]
    private partial void LogOvertaken(Exception exception, string leaf);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Leaf {Leaf} was being processed when the last run was cut short ({Outcome}); going on with it")]
    private partial void LogRecovering(string leaf, UploadOutcome outcome);
}

using Microsoft.Extensions.Logging;

namespace Buildd.Master;

/// <content>What it logs.</content>
public sealed partial class BuildMaster
{
    [LoggerMessage(Level = LogLevel.Information, Message = "The master {Name} has started")]
    private partial void LogStarted(string name);

    [LoggerMessage(Level = LogLevel.Information, Message = "The master {Name} has stopped")]
    private partial void LogStopped(string name);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Builder} at {Url} is looked after from now on")]
    private partial void LogNew(string builder, Uri url);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Builder} is no longer looked after")]
    private partial void LogRetired(string builder);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Cookie} goes back into the queue: its builder {Builder} was removed")]
    private partial void LogOrphan(string cookie, string builder);

    [LoggerMessage(Level = LogLevel.Error, Message = "The list of builders could not be read; tried again later")]
    private partial void LogNotRefreshed(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Leases could not be given back; they run out")]
    private partial void LogNotReleased(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Nobody could be told of the upload of {Cookie}; it is in incoming/ all the same")]
    private partial void LogSinkFailed(Exception exception, string cookie);
}

using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Notification;

/// <summary>Tells people by the program's own log.</summary>
/// <param name="logger">The log.</param>
public sealed partial class LoggingNotifier(ILogger<LoggingNotifier> logger) : INotifier
{
    /// <inheritdoc/>
    public Task BuildFailedAsync(Build build, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(build);
        LogBuild(build.Cookie, build.Title, build.State.ToTitle());
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task BuilderFailedAsync(Builder builder, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(builder);
        LogBuilder(builder.Name, builder.FailNotes);
        return Task.CompletedTask;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Cookie}, {Title}: {State}")]
    private partial void LogBuild(string cookie, string title, string state);

    [LoggerMessage(Level = LogLevel.Error, Message = "The builder {Builder} is out of service: {Reason}")]
    private partial void LogBuilder(string builder, string? reason);
}

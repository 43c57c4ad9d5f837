using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Notification;

/// <summary>Tells people by the program's own log.</summary>
/// <param name="logger">The log.</param>
public sealed class LoggingNotifier(ILogger<LoggingNotifier> logger) : INotifier
{
    /// <inheritdoc/>
    public Task BuildFailedAsync(Build build, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(build);
        logger.LogBuildNotice(build.Cookie, build.Title, build.State.ToTitle());
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task BuilderFailedAsync(Builder builder, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(builder);
        logger.LogBuilderNotice(builder.Name, builder.FailNotes);
        return Task.CompletedTask;
    }
}

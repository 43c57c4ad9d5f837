using Buildd.Backends.DebianBuilds;
using Buildd.Backends.Environments;

namespace Buildd.Daemon;

/// <summary>Finds out at start whether the machine can do what builds are to take place in, and says so in the log when it can't.</summary>
internal sealed class EnvironmentTrials(
    IReadOnlyList<(string Kind, DebianBuildOptions Options)> kinds, OverlayTrial overlays, string workDirectory, TimeProvider time,
    ILogger<EnvironmentTrials> logger)
    : BackgroundService
{
    /// <summary>Not before the slave listens: nobody has to wait for it but a build.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        foreach (var (kind, options) in kinds.Where(kind => kind.Options.PrefersOverlay))
        {
            if (await overlays.FindMistakeAsync(options.Root, workDirectory, time) is not { } mistake)
                continue;
            if (options.Environment is EnvironmentKind.Overlay)
                logger.LogEnvironmentImpossible(kind, mistake);
            else
                logger.LogEnvironmentFallback(kind, mistake);
        }
    }
}

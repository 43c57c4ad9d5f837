using Buildd.Backends.DebianBuilds;
using Buildd.Backends.Environments;
using Buildd.Linux.Processes;

namespace Buildd.Daemon;

/// <summary>
/// Removes at start what killed programs left of control groups, then tries whether builds can take place on this machine, and logs it when
/// they can't.
/// </summary>
internal sealed class EnvironmentTrials(
    IReadOnlyList<(string Kind, DebianBuildOptions Options)> kinds, OverlayTrial overlays, string workDirectory, TimeProvider time,
    ILogger<EnvironmentTrials> logger)
    : BackgroundService
{
    /// <summary>Not before the slave listens: nobody has to wait for it but a build.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        ProcessScope.RemoveLeft();
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

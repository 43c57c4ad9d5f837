using Buildd.Processes;
using Buildd.Protocol.Messages;

namespace Buildd.Backends.Environments;

/// <summary>Unmounts what a build has mounted, or has left mounted.</summary>
internal static class Unmounting
{
    /// <summary>How often it is tried, a second apart; the reference's figure.</summary>
    private const int Attempts = 20;

    /// <summary>Unmounts all that is mounted at or below a folder, the newest first.</summary>
    /// <exception cref="PhaseFailedException">Something stays mounted.</exception>
    internal static async Task UnmountAsync(string directory, StepRunner steps, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var attempt = 1; MountTable.Below(directory) is { Count: > 0 } points; attempt++)
        {
            foreach (var point in points)
                await steps.RunAsync(Command.Of("umount", "--", point), cancellationToken).ConfigureAwait(false);
            if (MountTable.Below(directory) is not { Count: > 0 } left)
                return;
            if (attempt == Attempts)
                throw new PhaseFailedException(BuildStatus.BuilderFail, $"still mounted after {attempt} attempts: {string.Join(", ", left)}");
            await Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken).ConfigureAwait(false);
        }
    }
}

using Buildd.Processes;
using Buildd.Slave.Builds;

namespace Buildd.Backends.Environments;

/// <summary>Ends what a build left whose slave was killed: first its processes, then its mounts.</summary>
internal static class LeftEnvironment
{
    /// <summary>How long processes may resist being killed; as for an abort.</summary>
    private static readonly TimeSpan ReapDeadline = TimeSpan.FromSeconds(120);

    /// <exception cref="IOException">A process or a mount stays.</exception>
    internal static async Task EndAsync(LeftBuild left, CancellationToken cancellationToken)
    {
        var scope = ProcessScope.OpenLeft(left.BuildId, left.Directory, left.Time);
        await using var closing = scope.ConfigureAwait(false);
        var survivors = await scope.KillAllAsync(ReapDeadline).ConfigureAwait(false);
        if (survivors.Count > 0)
            throw new IOException($"still there after {ReapDeadline.TotalSeconds:0} s: {string.Join(", ", survivors)}");

        foreach (var point in MountTable.Below(left.Directory))
            await ProcessRunner.RunAsync(Command.Of("umount", "--", point), left.Log.Write, scope, cancellationToken).ConfigureAwait(false);
        if (MountTable.Below(left.Directory) is { Count: > 0 } mounted)
            throw new IOException($"still mounted: {string.Join(", ", mounted)}");
    }
}

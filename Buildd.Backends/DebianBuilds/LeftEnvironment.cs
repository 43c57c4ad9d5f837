using Buildd.Backends.Commands;
using Buildd.Backends.Environments;
using Buildd.Backends.Root;
using Buildd.Backends.Steps;
using Buildd.Linux.Processes;
using Buildd.Slave.Builds;

namespace Buildd.Backends.DebianBuilds;

/// <summary>Ends what a build left whose slave was killed: first its processes, then its mounts, then its chroot.</summary>
internal static class LeftEnvironment
{
    /// <summary>Ends what a build left that had no system of its own.</summary>
    /// <exception cref="IOException">A process or a mount stays.</exception>
    internal static async Task EndAsync(LeftBuild left, RootAccess access, CancellationToken cancellationToken)
    {
        await EndProcessesAsync(left).ConfigureAwait(false);
        if (MountTable.Below(left.Directory).Count > 0)
        {
            await RunAsync(
                left, scope => RootRunner.For(access, left.Directory, scope, left.Time),
                [new RootOperation.Unmount(left.BuildId)], cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ends what a build left that may have had a system of its own.</summary>
    /// <exception cref="IOException">A process, a mount or the system stays.</exception>
    internal static async Task EndAsync(LeftBuild left, DebianBuildOptions options, CancellationToken cancellationToken)
    {
        await EndProcessesAsync(left).ConfigureAwait(false);
        var folder = BuildLayout.ChrootIn(left.Directory);
        if (UserNamespace.FindMark(left.Directory) is { } mark)
        {
            var name = mark.Length > 0 ? mark : options.EffectiveBuildUser;
            // Root has no part in it; what users of a namespace own, their root removes. The mounts went with the processes.
            if (!Directory.Exists(folder))
                return;
            var (account, mistake) = UserNamespace.Find(name);
            if (account is null)
                throw new IOException($"'{folder}' belongs to users of a namespace of '{name}', who can't be had any more: {mistake}");
            if (await RunAsync(left, account.EndAllIn(folder), cancellationToken).ConfigureAwait(false) is not 0 and var code)
                throw new IOException(
                    $"what users of the namespaces still do in '{folder}' could not be ended: the command ended with exit code {code}");
            await account.RemoveAsync(folder, command => RunAsync(left, command, cancellationToken)).ConfigureAwait(false);
        }
        else if (options.Environment == EnvironmentKind.Unshare ? Directory.Exists(folder) : Directory.Exists(left.Directory))
        {
            await RunAsync(
                left,
                scope => RootRunner.For(
                    options.Root, left.Directory, scope, left.Time,
                    schrootDirectory: options.SchrootDirectory, buildUser: BuildUser.Find(options.EffectiveBuildUser).User?.Id),
                [
                    new RootOperation.Kill(left.BuildId), new RootOperation.Undefine(left.BuildId),
                    new RootOperation.Unmount(left.BuildId), new RootOperation.Remove(left.BuildId),
                ],
                cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// What is of root and in no control group of ours is seen by root alone; <see cref="RootOperation.Kill"/> ends that.
    /// </summary>
    private static async Task EndProcessesAsync(LeftBuild left)
    {
        var scope = ProcessScope.OpenLeft(left.BuildId, left.Directory, left.Time);
        await using var closing = scope.ConfigureAwait(false);
        var survivors = await scope.KillAllAsync(ProcessRunner.KillDeadline).ConfigureAwait(false);
        if (survivors.Count > 0)
            throw new IOException($"still there after {ProcessRunner.KillDeadline.TotalSeconds:0} s: {string.Join(", ", survivors)}");
    }

    private static async Task<int> RunAsync(LeftBuild left, Command command, CancellationToken cancellationToken) =>
        (
            await ProcessRunner.RunAsync(StepEnvironment.Complete(command), left.Log.Write, cancellationToken: cancellationToken)
                .ConfigureAwait(false)).ExitCode;

    private static async Task RunAsync(
        LeftBuild left, Func<ProcessScope, RootRunner> makeRunner, RootOperation[] operations, CancellationToken cancellationToken)
    {
        var scope = ProcessScope.Open(left.BuildId, time: left.Time);
        await using var closing = scope.ConfigureAwait(false);
        var root = makeRunner(scope);
        foreach (var operation in operations)
        {
            try
            {
                var code = await root.RunAsync(operation, default, left.Log.Write, cancellationToken).ConfigureAwait(false);
                if (code != 0)
                    throw new IOException($"'{RootOperations.Format(operation)[0]}' ended with exit code {code}");
            }
            catch (RootOperationException e)
            {
                throw new IOException(e.Message, e);
            }
        }
    }
}

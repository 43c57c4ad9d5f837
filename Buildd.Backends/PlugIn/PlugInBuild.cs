using Buildd.Backends.Limits;
using Buildd.Backends.Root;
using Buildd.Backends.Steps;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.PlugIn;

/// <summary>
/// One build that a plug-in's command carries out: init, run, reap, gather if there may be results, umount if something is
/// mounted, cleanup.
/// </summary>
/// <remarks>Reaping comes before gathering: nothing that was left running changes a result while it is taken over.</remarks>
internal sealed class PlugInBuild(PlugInArguments arguments, PlugInOptions options) : IBuild
{
    /// <summary>The time limit for unmounting and for removing: longer than any disk needs, short enough to be noticed.</summary>
    private static readonly TimeSpan CleanUpDeadline = TimeSpan.FromMinutes(10);

    private readonly Verdict _verdict = new();

    /// <inheritdoc/>
    public async Task<BuildOutcome> RunAsync(IBuildContext context, CancellationToken abort)
    {
        if (arguments.BuildUrl is { } url)
            context.Log.WriteLine(url);
        // A program that has made the chroot its root is found by that too.
        var scope = ProcessScope.Open(context.Request.BuildId, context.Directory, context.Time, limits: options.Limits.OfScope);
        await using var closing = scope.ConfigureAwait(false);
        var work = Path.Combine(context.Directory, PlugInArguments.WorkFolder);
        var results = Path.Combine(context.Directory, PlugInArguments.ResultsFolder);
        var phases = new PhaseClock(context);
        var steps = new StepRunner(context, scope, RootRunner.For(options.Root, context.Directory, scope, context.Time));
        var command = new PlugInCommand(context, scope, arguments, options, _verdict);
        var status = new StatusFile(context, Path.Combine(work, StatusFile.Name));
        var files = new PlugInResults(context);

        if (await TryAsync(Phase.Init, MakeFoldersAsync).ConfigureAwait(false))
            await TryAsync(Phase.Run, () => command.RunAsync(work, status, abort)).ConfigureAwait(false);
        var reaped = await TryAsync(Phase.Reap, () => Reaping.ReapAsync(context, scope)).ConfigureAwait(false);
        command.WriteUsage();
        status.Read(); // what was written last is what stays
        if (_verdict is { Outcome: { Status: BuildStatus.DepFail } outcome, Cause: { } waits })
            _verdict.Override(outcome with { Dependencies = files.ReadDependencies(work) }, waits);
        if (command.HasResults && reaped)
            await TryAsync(Phase.Gather, () => files.GatherAsync(results, abort)).ConfigureAwait(false);
        if (MountTable.Below(context.Directory).Count > 0)
            await TryAsync(Phase.Umount, () => CleanUpAsync(context.Time, UnmountAsync)).ConfigureAwait(false);
        await TryAsync(Phase.Cleanup, () => CleanUpAsync(context.Time, RemoveAsync)).ConfigureAwait(false);
        phases.Leave();

        if (abort.IsCancellationRequested)
            _verdict.Abort(); // also when the command was quicker
        if (_verdict.Cause is { } cause)
            context.SetStatusMember(WireNames.Members.FailureCause, cause);
        return _verdict.Outcome;

        Task<bool> TryAsync(Phase phase, Func<Task> part) => this.TryAsync(context, phases, phase, part, abort);

        Task MakeFoldersAsync()
        {
            Directory.CreateDirectory(work);
            Directory.CreateDirectory(results);
            return Task.CompletedTask;
        }

        // What a command that was killed had no time to unmount.
        Task UnmountAsync(CancellationToken deadline) => steps.RunAsRootOrFailAsync(
            new RootOperation.Unmount(context.Request.BuildId), default, "unmount what is mounted below the build's folder",
            BuildStatus.BuilderFail, deadline);

        // A program's work: it removes names that are no text and trees of any depth too, and stays on this file system.
        Task RemoveAsync(CancellationToken deadline) => steps.RunOrFailAsync(
            Command.Of("rm", "-rf", "--one-file-system", "--", work, results), BuildStatus.BuilderFail, deadline);
    }

    private static async Task CleanUpAsync(TimeProvider time, Func<CancellationToken, Task> part)
    {
        using var deadline = new CancellationTokenSource(CleanUpDeadline, time);
        try
        {
            await part(deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            throw new PhaseFailedException(BuildStatus.BuilderFail, $"this took longer than {CleanUpDeadline.TotalMinutes} minutes", e);
        }
    }

    /// <summary>Runs a phase; what goes wrong in it decides how the build ends, whatever was before.</summary>
    /// <returns>Whether it went well. The command's own failure does: there are results to be taken over.</returns>
    private async Task<bool> TryAsync(IBuildContext context, PhaseClock phases, Phase phase, Func<Task> part, CancellationToken abort)
    {
        phases.Enter(phase);
        switch (await BuildPart.RunAsync(part).ConfigureAwait(false))
        {
            case null:
                return true;
            case OperationCanceledException when abort.IsCancellationRequested:
                _verdict.Override(new BuildOutcome(BuildStatus.Aborted), BuildWatch.Aborted);
                return false;
            case PhaseFailedException e:
                context.Log.WriteLine(e.Message);
                _verdict.Override(new BuildOutcome(e.Status), phases.Current);
                return false;
            case { } e: // what else goes wrong is the builder's fault
                context.Log.WriteLine($"The builder failed: {e.GetType().Name}: {e.Message}");
                _verdict.Override(new BuildOutcome(BuildStatus.BuilderFail), phases.Current);
                return false;
        }
    }
}

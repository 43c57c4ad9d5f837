using Buildd.Backends.Environments;
using Buildd.Backends.Limits;
using Buildd.Backends.Root;
using Buildd.Backends.Steps;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.DebianBuilds;

/// <summary>One build in a Debian system, phase by phase: protocol section 9. Its kind's own phases are the work's.</summary>
/// <param name="arguments">What the master said of the system.</param>
/// <param name="options">How builds of the kind take place.</param>
/// <param name="trial">Whether this machine can mount overlays.</param>
/// <param name="work">What is particular to the kind.</param>
internal sealed class DebianBuild(DebianArguments arguments, DebianBuildOptions options, OverlayTrial trial, IDebianWork work) : IBuild
{
    /// <summary>The time limit for unmounting and removing: longer than any disk needs, short enough to be noticed.</summary>
    private static readonly TimeSpan CleanUpDeadline = TimeSpan.FromMinutes(10);

    private readonly Verdict _verdict = new();

    /// <summary>Whether there may be anything to clean up.</summary>
    private bool _entered;

    /// <inheritdoc/>
    public bool LeavesDirectory => arguments.FastCleanup;

    /// <inheritdoc/>
    public async Task<BuildOutcome> RunAsync(IBuildContext context, CancellationToken abort)
    {
        if (arguments.BuildUrl is { } url)
            context.Log.WriteLine(url);
        var scope = ProcessScope.Open(
            context.Request.BuildId, BuildLayout.ChrootIn(context.Directory), context.Time, limits: options.Limits.OfScope);
        await using var closing = scope.ConfigureAwait(false);
        var site = await BuildSite.OpenAsync(context, scope, arguments, options, trial).ConfigureAwait(false);

        var watch = new BuildWatch(context, scope, options.EffectiveLimits, abort);
        try
        {
            await using (watch.ConfigureAwait(false))
                await TryAsync(site, watch, () => PrepareAndWorkAsync(site, watch.Token)).ConfigureAwait(false);
        }
        finally
        {
            await CleanUpAsync(site, scope, watch).ConfigureAwait(false);
        }

        if (abort.IsCancellationRequested)
            _verdict.Abort(); // also when the build was quicker
        if (_verdict.Cause is { } cause)
            context.SetStatusMember(WireNames.Members.FailureCause, cause);
        return _verdict.Outcome;
    }

    private async Task PrepareAndWorkAsync(BuildSite site, CancellationToken abort)
    {
        var (context, phases, environment) = (site.Context, site.Phases, site.Environment);
        phases.Enter(Phase.Init);
        context.Log.WriteLine(
            $"Builder {System.Environment.MachineName}, Linux {System.Environment.OSVersion.Version}, "
            + $"{System.Environment.ProcessorCount} processors");
        context.Log.WriteLine($"Built by {await ToolVersions.ReadAsync(abort).ConfigureAwait(false)}");
        if (arguments.BuilderConstraints.Count > 0)
        {
            var constraints = string.Join(", ", arguments.BuilderConstraints.Select(ArgumentCheck.Shown));
            context.Log.WriteLine($"Constraints, none of which has an effect here: {constraints}");
        }

        if (await environment.FindMistakeAsync(abort).ConfigureAwait(false) is { } mistake)
            throw new PhaseFailedException(BuildStatus.BuilderFail, mistake);
        if (!options.Network)
        {
            if (options.FetchesThroughout)
            {
                throw new PhaseFailedException(
                    BuildStatus.BuilderFail,
                    "the configuration denies builds the network, and this kind of build needs it until its end: "
                        + "set network = yes in the section of the kind, or build elsewhere");
            }

            context.Log.WriteLine("No network for what is built: only what installs and fetches for it has one");
        }

        await work.InspectAsync(site, abort).ConfigureAwait(false);

        _entered = true;
        phases.Enter(Phase.Unpack);
        if (arguments.ImageType != DebianArguments.ChrootImage)
        {
            throw new PhaseFailedException(
                BuildStatus.ChrootFail,
                $"the image is of the type '{arguments.ImageType}', and only '{DebianArguments.ChrootImage}' can be unpacked");
        }

        await environment.UnpackAsync(abort).ConfigureAwait(false);

        phases.Enter(Phase.Mount);
        await environment.MountAsync(abort).ConfigureAwait(false);
        await environment.WriteNamesAsync(abort).ConfigureAwait(false);

        var apt = new AptSetup(environment, arguments, context.Log, context.Time);
        if (arguments.Archives is { } archives)
        {
            phases.Enter(Phase.Sources);
            await apt.WriteSourcesAsync(archives, options.AptProxy, abort).ConfigureAwait(false);
        }

        if (arguments.TrustedKeys.Count > 0)
        {
            phases.Enter(Phase.Keys);
            await apt.WriteKeysAsync(arguments.TrustedKeys, abort).ConfigureAwait(false);
        }

        phases.Enter(Phase.Update);
        await apt.UpdateAsync(abort).ConfigureAwait(false);
        if (await environment.StartAsync(abort).ConfigureAwait(false))
            await apt.WriteSecretsAgainAsync(abort).ConfigureAwait(false);

        await work.RunAsync(site, abort).ConfigureAwait(false);
    }

    /// <summary>Nothing here is called off by an abort, and a step that fails does not keep the next from being tried.</summary>
    private async Task CleanUpAsync(BuildSite site, ProcessScope scope, BuildWatch watch)
    {
        using var deadline = new CancellationTokenSource((2 * ProcessRunner.KillDeadline) + CleanUpDeadline, site.Context.Time);
        var stop = deadline.Token;
        site.Phases.Enter(Phase.Reap);
        if (_entered)
            await CleanAsync(site, () => site.Environment.KillAsync(stop)).ConfigureAwait(false);
        await CleanAsync(site, () => Reaping.ReapAsync(site.Context, scope)).ConfigureAwait(false);
        watch.WriteUsage();
        if (_entered)
            await CleanAsync(site, () => site.Environment.CloseToSbuildAsync(stop)).ConfigureAwait(false);
        if (arguments.FastCleanup)
        {
            site.Context.Log.WriteLine("Nothing is unmounted or removed: the master says that this machine is thrown away");
            site.Phases.Leave();
            return;
        }

        site.Phases.Enter(Phase.Umount);
        if (_entered)
            await CleanAsync(site, () => site.Environment.UnmountAsync(stop)).ConfigureAwait(false);
        site.Phases.Enter(Phase.Cleanup);
        if (_entered)
            await CleanAsync(site, () => site.Environment.RemoveAsync(stop)).ConfigureAwait(false);
        site.Phases.Leave();
    }

    /// <summary>Prepares and builds. What fails in it decides how the build ends, unless cleaning up fails too.</summary>
    private async Task TryAsync(BuildSite site, BuildWatch watch, Func<Task> part)
    {
        var (context, phases) = (site.Context, site.Phases);
        switch (await BuildPart.RunAsync(part).ConfigureAwait(false))
        {
            case null:
                break;
            case OperationCanceledException when watch.Cause is not null:
                _verdict.Fail(new BuildOutcome(watch.Status), watch.Cause);
                break;
            case PhaseFailedException e:
                context.Log.WriteLine(e.Message);
                if (watch.HasRunOutOfMemory())
                    _verdict.Fail(new BuildOutcome(watch.Status), BuildWatch.OutOfMemory);
                _verdict.Fail(
                    new BuildOutcome(e.Status, e.Dependencies),
                    DiskWatch.IsFull(context.Directory) ? BuildWatch.DiskUsedUp : e.Cause ?? phases.Current);
                break;
            case { } e: // what else goes wrong is the builder's fault
                context.Log.WriteLine($"The builder failed: {e.GetType().Name}: {e.Message}");
                _verdict.Fail(new BuildOutcome(BuildStatus.BuilderFail), phases.Current);
                break;
        }
    }

    /// <summary>Runs a part of cleaning up, which goes on when that fails.</summary>
    private async Task CleanAsync(BuildSite site, Func<Task> part)
    {
        if (await BuildPart.RunAsync(part).ConfigureAwait(false) is not { } broken)
            return;
        site.Context.Log.WriteLine(broken switch
        {
            PhaseFailedException => broken.Message,
            OperationCanceledException => "Cleaning up took too long",
            _ => $"The builder failed: {broken.GetType().Name}: {broken.Message}",
        });
        _verdict.FailCleaning(site.Phases.Current);
    }
}

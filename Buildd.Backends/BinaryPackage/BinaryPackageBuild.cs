using System.Globalization;
using System.Text;
using Buildd.Backends.Environments;
using Buildd.Backends.Limits;
using Buildd.Backends.Root;
using Buildd.Debian;
using Buildd.Debian.Architectures;
using Buildd.Debian.Packages;
using Buildd.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave;
using Buildd.Slave.Builds;

namespace Buildd.Backends.BinaryPackage;

/// <summary>One build of a binary package, phase by phase: protocol sections 9 and 12.1.</summary>
internal sealed class BinaryPackageBuild(BinaryPackageArguments arguments, BinaryPackageOptions options) : IBuild
{
    /// <summary>How long unmounting and removing may take. Longer than any disk needs, short enough to be told about.</summary>
    private static readonly TimeSpan CleanUpDeadline = TimeSpan.FromMinutes(10);

    /// <summary>Makes the build's account known in the chroot, with this machine's numbers, and gives it the folder to build in.</summary>
    private const string AccountScript =
        """
        set -e
        put() {
            awk -F: -v n="${2%%:*}" '$1 != n' "$1" > "$1.buildd"
            printf '%s\n' "$2" >> "$1.buildd"
            cat "$1.buildd" > "$1"
            rm "$1.buildd"
        }
        put /etc/group "$2"
        put /etc/group "$3"
        put /etc/passwd "$1"
        mkdir -p /build
        chown "$4:sbuild" /build
        chmod 0770 /build
        """;

    private readonly Verdict _verdict = new();

    /// <summary>How sbuild ended, if it failed.</summary>
    private string? _exit;

    /// <summary>Whether there may be anything to clean up.</summary>
    private bool _entered;

    /// <summary>Whether schroot may know the chroot.</summary>
    private bool _defined;

    /// <summary>Only root can build as somebody else.</summary>
    private string BuildUserName => CurrentUser.IsRoot ? options.BuildUser : Environment.UserName;

    /// <inheritdoc/>
    public async Task<BuildOutcome> RunAsync(IBuildContext context, CancellationToken abort)
    {
        if (arguments.BuildUrl is { } url)
            context.Log.WriteLine(url);
        var scope = ProcessScope.Open(context.Request.BuildId, ChrootEnvironment.RootDirectoryOf(context), context.Time, limits: options.Limits.OfScope);
        await using var closing = scope.ConfigureAwait(false);
        var phases = new PhaseClock(context);
        var root = RootRunner.For(
            options.Root, context.Directory, scope, context.Time,
            context.Request.ChrootPath, options.SchrootDirectory, BuildUser.Find(BuildUserName).User?.Id);
        var steps = new StepRunner(context, scope, root);
        var chroot = new ChrootEnvironment(context, steps);

        var watch = new BuildWatch(context, scope, options.EffectiveLimits, abort);
        try
        {
            await using (watch.ConfigureAwait(false))
                await TryAsync(context, phases, watch, () => PrepareAndBuildAsync(context, phases, root, steps, chroot, watch.Token)).ConfigureAwait(false);
        }
        finally
        {
            await CleanUpAsync(context, phases, scope, chroot, watch).ConfigureAwait(false);
        }

        if (abort.IsCancellationRequested)
            _verdict.Abort(); // also when the build was quicker
        if (_verdict.Cause is { } cause)
            context.SetStatusMember(WireNames.Members.FailureCause, cause);
        return _verdict.Outcome;
    }

    private async Task PrepareAndBuildAsync(
        IBuildContext context, PhaseClock phases, RootRunner root, StepRunner steps, ChrootEnvironment chroot, CancellationToken abort)
    {
        phases.Enter(Phase.Init);
        var user = await InspectAsync(context, root, abort).ConfigureAwait(false);

        _entered = true;
        phases.Enter(Phase.Unpack);
        await chroot.UnpackAsync(abort).ConfigureAwait(false);

        phases.Enter(Phase.Mount);
        await chroot.MountAsync(abort).ConfigureAwait(false);

        var apt = new AptSetup(chroot, context.Time);
        if (arguments.Archives is { } archives)
        {
            phases.Enter(Phase.Sources);
            await apt.WriteSourcesAsync(archives, abort).ConfigureAwait(false);
        }

        if (arguments.TrustedKeys.Count > 0)
        {
            phases.Enter(Phase.Keys);
            await apt.WriteKeysAsync(arguments.TrustedKeys, abort).ConfigureAwait(false);
        }

        phases.Enter(Phase.Update);
        await apt.UpdateAsync(abort).ConfigureAwait(false);

        phases.Enter(Phase.Sbuild);
        await BuildPackageAsync(context, steps, chroot, user, abort).ConfigureAwait(false);

        phases.Enter(Phase.Gather);
        await GatherAsync(context, abort).ConfigureAwait(false);
    }

    /// <summary>Nothing here is called off by an abort, and a step that fails does not keep the next from being tried.</summary>
    private async Task CleanUpAsync(IBuildContext context, PhaseClock phases, ProcessScope scope, ChrootEnvironment chroot, BuildWatch watch)
    {
        using var deadline = new CancellationTokenSource((2 * Reaping.Deadline) + CleanUpDeadline, context.Time);
        var stop = deadline.Token;
        phases.Enter(Phase.Reap);
        if (_entered && !CurrentUser.IsRoot) // what is of root and in no control group of ours, the scope does not see
            await CleanAsync(context, phases, () => chroot.KillAsync(stop)).ConfigureAwait(false);
        await CleanAsync(context, phases, () => Reaping.ReapAsync(context, scope)).ConfigureAwait(false);
        watch.WriteUsage();
        phases.Enter(Phase.Umount);
        if (_defined)
            await CleanAsync(context, phases, () => chroot.UndefineAsync(stop)).ConfigureAwait(false);
        if (_entered)
            await CleanAsync(context, phases, () => chroot.UnmountAsync(stop)).ConfigureAwait(false);
        phases.Enter(Phase.Cleanup);
        if (_entered)
            await CleanAsync(context, phases, () => chroot.RemoveAsync(stop)).ConfigureAwait(false);
        phases.Leave();
    }

    /// <summary>Looks at the machine before anything is touched, so that what is missing is said in one sentence.</summary>
    private async Task<BuildUser> InspectAsync(IBuildContext context, RootRunner root, CancellationToken abort)
    {
        context.Log.WriteLine($"Builder {Environment.MachineName}, Linux {Environment.OSVersion.Version}, {Environment.ProcessorCount} processors");
        var (user, mistake) = BuildUser.Find(BuildUserName);
        mistake ??= await root.FindMistakeAsync(abort).ConfigureAwait(false);
        return mistake is null ? user! : throw new PhaseFailedException(BuildStatus.BuilderFail, mistake);
    }

    private async Task BuildPackageAsync(
        IBuildContext context, StepRunner steps, ChrootEnvironment chroot, BuildUser user, CancellationToken abort)
    {
        await chroot.RunScriptAsync(
            $"make user {user.Name} known in the chroot",
            AccountScript, [user.PasswdLine, user.GroupLine, user.SbuildGroupLine, user.Name], abort).ConfigureAwait(false);
        await chroot.WriteFileAsync("/CurrentlyBuilding", Encoding.UTF8.GetBytes(CurrentlyBuilding()), abort).ConfigureAwait(false);

        var configuration = Path.Combine(context.Directory, ".sbuildrc");
        await File.WriteAllTextAsync(configuration, SbuildConfiguration.Write(options), abort).ConfigureAwait(false);
        if (CurrentUser.IsRoot)
        {
            // sbuild writes its results here, and reads the sources.
            await steps.RunOrFailAsync(
                Command.Of("chown", $"{user.Id}:{user.GroupId}", context.Directory), BuildStatus.BuilderFail, abort).ConfigureAwait(false);
        }

        _defined = true;
        await chroot.DefineAsync(abort).ConfigureAwait(false);
        var scan = new SbuildLogScan();
        var pointers = new ImplicitPointerFilter(context.Log.Write);
        var result = await steps.RunAsync(
            Sbuild(context, chroot.SchrootName, user, configuration), abort,
            bytes =>
            {
                scan.Write(bytes);
                pointers.Write(bytes);
            }).ConfigureAwait(false);
        _exit = result.Succeeded ? null : Verdict.CauseOf(result);
        scan.Complete();
        var isOnlyWarning = ImplicitPointerFilter.IsOnlyWarning(arguments.Architecture, arguments.Suite);
        pointers.Complete(isOnlyWarning);
        if (pointers.HasFinds && !isOnlyWarning)
            throw new PhaseFailedException(BuildStatus.PackageFail, "The package uses pointers that functions without a declaration return");
        if (result.ExitCode == SbuildExitCode.GivenBack)
            throw await JudgeAsync(context, chroot, scan, abort).ConfigureAwait(false);
        if (!result.Succeeded)
            throw new PhaseFailedException(SbuildExitCode.ToStatus(result.ExitCode), $"sbuild ended with {result.Describe()}");
    }

    /// <summary>Tells whether a package that sbuild gave back waits for its dependencies. The chroot is still there.</summary>
    private async Task<PhaseFailedException> JudgeAsync(IBuildContext context, ChrootEnvironment chroot, SbuildLogScan scan, CancellationToken abort)
    {
        var verdict = await new DepWaitAnalysis(chroot.ReadInsideAsync, ArchitectureTable.Load(), context.Time).JudgeAsync(
            scan, context.Request.Files[arguments.Dsc], arguments.Architecture, arguments.ArchIndep, abort).ConfigureAwait(false);
        return new PhaseFailedException(verdict.Status, verdict.Reason) { Dependencies = verdict.Dependencies };
    }

    private Command Sbuild(IBuildContext context, string schroot, BuildUser user, string configuration)
    {
        var processors = Environment.ProcessorCount;
        var buildOptions = new List<string>();
        if (!arguments.BuildDebugSymbols)
            buildOptions.Add("noautodbgsym");
        if (processors > 1)
            buildOptions.Add(string.Create(CultureInfo.InvariantCulture, $"parallel={processors}"));

        var sbuild = Command
            .Of("sbuild", "-c", $"chroot:{schroot}", $"--arch={arguments.Architecture}", $"--dist={arguments.Suite}", "--nolog")
            .With(arguments.ArchIndep ? ["-A"] : [])
            .With(arguments.Dsc)
            .Behind(Personality.Program(arguments.Architecture));
        if (CurrentUser.IsRoot)
            sbuild = sbuild.Behind("setpriv", $"--reuid={user.Id}", $"--regid={user.GroupId}", "--init-groups", "--");
        return sbuild
            .WithEnvironment("SBUILD_CONFIG", configuration)
            .WithEnvironment("HOME", context.Directory)
            .WithEnvironment("USER", user.Name)
            .WithEnvironment("LOGNAME", user.Name)
            .WithEnvironment("LANG", "C.UTF-8")
            .WithEnvironment("DEB_BUILD_OPTIONS", buildOptions.Count > 0 ? string.Join(' ', buildOptions) : null)
            with
        { WorkingDirectory = context.Directory };
    }

    /// <summary>Takes over the <c>.changes</c> and every file it lists: all of it, or the package has failed.</summary>
    private async Task GatherAsync(IBuildContext context, CancellationToken abort)
    {
        try
        {
            var changesPath = Path.Combine(
                context.Directory, $"{Path.GetFileNameWithoutExtension(arguments.Dsc)}_{arguments.Architecture}.changes");
            if (new FileInfo(changesPath) is not { Exists: true, LinkTarget: null })
                throw new PhaseFailedException(BuildStatus.PackageFail, $"sbuild left no {Path.GetFileName(changesPath)}");

            var changes = await Changes.ReadFileAsync(changesPath, abort).ConfigureAwait(false);
            await context.AddResultAsync(changesPath, null, abort).ConfigureAwait(false);
            foreach (var file in changes.Files)
                await context.AddResultAsync(Path.Combine(context.Directory, file.Name), file.Name, abort).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or DebianException or RefusedException)
        {
            throw new PhaseFailedException(BuildStatus.PackageFail, $"Failed to gather results: {e.Message}", e);
        }
    }

    /// <summary>Prepares and builds. What fails in it decides how the build ends, unless cleaning up fails too.</summary>
    private async Task TryAsync(IBuildContext context, PhaseClock phases, BuildWatch watch, Func<Task> part)
    {
        try
        {
            await part().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (watch.Cause is not null)
        {
            _verdict.Fail(new BuildOutcome(watch.Status), watch.Cause);
        }
        catch (PhaseFailedException e)
        {
            context.Log.WriteLine(e.Message);
            if (watch.HasRunOutOfMemory())
                _verdict.Fail(new BuildOutcome(watch.Status), BuildWatch.OutOfMemory);
            _verdict.Fail(new BuildOutcome(e.Status, e.Dependencies), _exit ?? phases.Current);
        }
        catch (Exception e) // what else goes wrong is the builder's fault; cleaning up goes on
        {
            context.Log.WriteLine($"The builder failed: {e.GetType().Name}: {e.Message}");
            _verdict.Fail(new BuildOutcome(BuildStatus.BuilderFail), phases.Current);
        }
    }

    /// <summary>Runs a part of cleaning up, which goes on when that fails.</summary>
    private async Task CleanAsync(IBuildContext context, PhaseClock phases, Func<Task> part)
    {
        try
        {
            await part().ConfigureAwait(false);
        }
        catch (PhaseFailedException e)
        {
            context.Log.WriteLine(e.Message);
            _verdict.FailCleaning(phases.Current);
        }
        catch (Exception e)
        {
            context.Log.WriteLine(e is OperationCanceledException ? "Cleaning up took too long" : $"The builder failed: {e.GetType().Name}: {e.Message}");
            _verdict.FailCleaning(phases.Current);
        }
    }

    private string CurrentlyBuilding()
    {
        var package = arguments.Dsc.Split('_')[0];
        var text = $"Package: {package}\nComponent: {arguments.Component}\nSuite: {arguments.Suite}\nPurpose: {arguments.Purpose}\n";
        return arguments.BuildDebugSymbols ? text + "Build-Debug-Symbols: yes\n" : text;
    }
}

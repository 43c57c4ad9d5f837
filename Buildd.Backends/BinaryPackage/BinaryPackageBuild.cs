using System.Globalization;
using System.Text;
using Buildd.Backends.Environments;
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
    /// <summary>How long processes of the build may resist being killed; the reference's figure for an abort.</summary>
    private static readonly TimeSpan ReapDeadline = TimeSpan.FromSeconds(120);

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

    private BuildOutcome? _outcome;

    /// <inheritdoc/>
    public async Task<BuildOutcome> RunAsync(IBuildContext context, CancellationToken abort)
    {
        if (arguments.BuildUrl is { } url)
            context.Log.WriteLine(url);
        var scope = ProcessScope.Open(context.Request.BuildId, ChrootEnvironment.RootDirectoryOf(context), context.Time);
        await using var closing = scope.ConfigureAwait(false);
        var phases = new PhaseClock(context);
        var steps = new StepRunner(context, scope);
        var chroot = new ChrootEnvironment(context, steps);

        try
        {
            await TryAsync(context, () => PrepareAndBuildAsync(context, phases, steps, chroot, abort), abort).ConfigureAwait(false);
        }
        finally
        {
            await CleanUpAsync(context, phases, scope, chroot).ConfigureAwait(false);
        }

        return _outcome ?? new BuildOutcome(BuildStatus.Ok);
    }

    private async Task PrepareAndBuildAsync(
        IBuildContext context, PhaseClock phases, StepRunner steps, ChrootEnvironment chroot, CancellationToken abort)
    {
        phases.Enter(Phase.Init);
        var user = Inspect(context);

        phases.Enter(Phase.Unpack);
        await chroot.UnpackAsync(abort).ConfigureAwait(false);

        phases.Enter(Phase.Mount);
        await chroot.MountAsync(abort).ConfigureAwait(false);

        var apt = new AptSetup(chroot, steps, context.Time);
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
    private async Task CleanUpAsync(IBuildContext context, PhaseClock phases, ProcessScope scope, ChrootEnvironment chroot)
    {
        using var deadline = new CancellationTokenSource(ReapDeadline + CleanUpDeadline, context.Time);
        var stop = deadline.Token;
        phases.Enter(Phase.Reap);
        await TryAsync(context, () => ReapAsync(context, scope), stop).ConfigureAwait(false);
        phases.Enter(Phase.Umount);
        await TryAsync(context, () => chroot.UnmountAsync(stop), stop).ConfigureAwait(false);
        phases.Enter(Phase.Cleanup);
        await TryAsync(context, () => chroot.RemoveAsync(stop), stop).ConfigureAwait(false);
        phases.Leave();
    }

    /// <summary>Looks at the machine before anything is touched, so that what is missing is said in one sentence.</summary>
    private BuildUser Inspect(IBuildContext context)
    {
        context.Log.WriteLine($"Builder {Environment.MachineName}, Linux {Environment.OSVersion.Version}, {Environment.ProcessorCount} processors");
        if (!CurrentUser.IsRoot)
            throw new PhaseFailedException(BuildStatus.BuilderFail, $"this slave runs as user {CurrentUser.Id}; to unpack and enter chroots it has to run as root");
        return BuildUser.Find(options.BuildUser) is (var user, null)
            ? user!
            : throw new PhaseFailedException(BuildStatus.BuilderFail, BuildUser.Find(options.BuildUser).Mistake!);
    }

    private async Task BuildPackageAsync(
        IBuildContext context, StepRunner steps, ChrootEnvironment chroot, BuildUser user, CancellationToken abort)
    {
        await chroot.RunScriptAsync(
            $"make user {user.Name} known in the chroot",
            AccountScript, [user.PasswdLine, user.GroupLine, user.SbuildGroupLine, user.Name], default, abort).ConfigureAwait(false);
        await chroot.WriteFileAsync("/CurrentlyBuilding", Encoding.UTF8.GetBytes(CurrentlyBuilding()), abort).ConfigureAwait(false);

        var configuration = Path.Combine(context.Directory, ".sbuildrc");
        await File.WriteAllTextAsync(configuration, SbuildConfiguration.Write(options), abort).ConfigureAwait(false);
        // sbuild writes its results here, and reads the sources.
        await steps.RunOrFailAsync(
            Command.Of("chown", $"{user.Id}:{user.GroupId}", context.Directory), BuildStatus.BuilderFail, abort).ConfigureAwait(false);

        using var schroot = SchrootDefinition.Create(options.SchrootDirectory, context.Request.BuildId, chroot.RootDirectory);
        var scan = new SbuildLogScan();
        var result = await steps.RunAsync(
            Sbuild(context, schroot, user, configuration), abort,
            output: bytes =>
            {
                scan.Write(bytes);
                context.Log.Write(bytes);
            }).ConfigureAwait(false);
        scan.Complete();
        if (result.ExitCode == SbuildExitCode.GivenBack)
            throw await JudgeAsync(context, steps, chroot, scan, abort).ConfigureAwait(false);
        if (!result.Succeeded)
            throw new PhaseFailedException(SbuildExitCode.ToStatus(result.ExitCode), $"sbuild ended with {result.Describe()}");
    }

    /// <summary>Tells whether a package that sbuild gave back waits for its dependencies. The chroot is still there.</summary>
    private async Task<PhaseFailedException> JudgeAsync(
        IBuildContext context, StepRunner steps, ChrootEnvironment chroot, SbuildLogScan scan, CancellationToken abort)
    {
        var analysis = new DepWaitAnalysis(
            (command, output, token) => steps.RunAsync(chroot.Inside(command), token, "look for the build dependencies in the chroot's package lists", output),
            ArchitectureTable.Load(), context.Time);
        var verdict = await analysis.JudgeAsync(
            scan, context.Request.Files[arguments.Dsc], arguments.Architecture, arguments.ArchIndep, abort).ConfigureAwait(false);
        return new PhaseFailedException(verdict.Status, verdict.Reason) { Dependencies = verdict.Dependencies };
    }

    private Command Sbuild(IBuildContext context, SchrootDefinition schroot, BuildUser user, string configuration)
    {
        var processors = Environment.ProcessorCount;
        var buildOptions = new List<string>();
        if (!arguments.BuildDebugSymbols)
            buildOptions.Add("noautodbgsym");
        if (processors > 1)
            buildOptions.Add(string.Create(CultureInfo.InvariantCulture, $"parallel={processors}"));

        return Command
            .Of("sbuild", "-c", $"chroot:{schroot.Name}", $"--arch={arguments.Architecture}", $"--dist={arguments.Suite}", "--nolog")
            .With(arguments.ArchIndep ? ["-A"] : [])
            .With(arguments.Dsc)
            .Behind(Personality.Program(arguments.Architecture))
            .Behind("setpriv", $"--reuid={user.Id}", $"--regid={user.GroupId}", "--init-groups", "--")
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

    private static async Task ReapAsync(IBuildContext context, ProcessScope scope)
    {
        var survivors = await scope.KillAllAsync(ReapDeadline).ConfigureAwait(false);
        if (survivors.Count == 0)
            return;

        context.Log.WriteLine("ABORTING: Failed to kill all processes.");
        throw new PhaseFailedException(BuildStatus.BuilderFail, $"still there after {ReapDeadline.TotalSeconds:0} s: {string.Join(", ", survivors)}");
    }

    /// <summary>Runs a part of the build. The first failure decides how the build ends; one in cleaning up spoils a good one.</summary>
    private async Task TryAsync(IBuildContext context, Func<Task> part, CancellationToken stop)
    {
        try
        {
            await part().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            _outcome ??= new BuildOutcome(BuildStatus.Aborted);
        }
        catch (PhaseFailedException e)
        {
            context.Log.WriteLine(e.Message);
            _outcome ??= new BuildOutcome(e.Status, e.Dependencies);
        }
        catch (Exception e) // what else goes wrong is the builder's fault; cleaning up goes on
        {
            context.Log.WriteLine($"The builder failed: {e.GetType().Name}: {e.Message}");
            _outcome ??= new BuildOutcome(BuildStatus.BuilderFail);
        }
    }

    private string CurrentlyBuilding()
    {
        var package = arguments.Dsc.Split('_')[0];
        var text = $"Package: {package}\nComponent: {arguments.Component}\nSuite: {arguments.Suite}\nPurpose: {arguments.Purpose}\n";
        return arguments.BuildDebugSymbols ? text + "Build-Debug-Symbols: yes\n" : text;
    }
}

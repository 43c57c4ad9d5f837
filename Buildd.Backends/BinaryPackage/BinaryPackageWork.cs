using System.Globalization;
using System.Text;
using Buildd.Backends.Environments;
using Buildd.Backends.Limits;
using Buildd.Backends.Phases;
using Buildd.Debian;
using Buildd.Debian.Architectures;
using Buildd.Debian.Packages;
using Buildd.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave;
using Buildd.Slave.Builds;

namespace Buildd.Backends.BinaryPackage;

/// <summary>The building of one source package with sbuild: protocol section 12.1.</summary>
internal sealed class BinaryPackageWork(BinaryPackageArguments arguments, BinaryPackageOptions options) : IDebianWork
{
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

    private BuildUser? _user;

    /// <inheritdoc/>
    public Task InspectAsync(BuildSite site, CancellationToken abort)
    {
        (_user, var mistake) = BuildUser.Find(options.EffectiveBuildUser);
        return mistake is null ? Task.CompletedTask : throw new PhaseFailedException(BuildStatus.BuilderFail, mistake);
    }

    /// <inheritdoc/>
    public async Task RunAsync(BuildSite site, CancellationToken abort)
    {
        site.Phases.Enter(Phase.Sbuild);
        await BuildPackageAsync(site, _user!, abort).ConfigureAwait(false);
        site.Phases.Enter(Phase.Gather);
        await GatherAsync(site.Context, abort).ConfigureAwait(false);
    }

    private async Task BuildPackageAsync(BuildSite site, BuildUser user, CancellationToken abort)
    {
        var (context, steps, system) = (site.Context, site.Steps, site.Environment);
        await system.RunScriptAsync(
            $"make user {user.Name} known in the chroot",
            AccountScript, [user.PasswdLine, user.GroupLine, user.SbuildGroupLine, user.Name], abort).ConfigureAwait(false);
        await system.WriteFileAsync("/CurrentlyBuilding", Encoding.UTF8.GetBytes(CurrentlyBuilding()), abort).ConfigureAwait(false);

        if (CurrentUser.IsRoot)
        {
            // sbuild writes its results here, and reads the sources.
            await steps.RunOrFailAsync(
                Command.Of("chown", $"{user.Id}:{user.GroupId}", context.Directory), BuildStatus.BuilderFail, abort).ConfigureAwait(false);
        }

        var access = await system.OpenToSbuildAsync(user, abort).ConfigureAwait(false);
        var configuration = Path.Combine(context.Directory, ".sbuildrc");
        await File.WriteAllTextAsync(configuration, SbuildConfiguration.Write(options, access.Configuration), abort).ConfigureAwait(false);
        var scan = new SbuildLogScan();
        var pointers = new ImplicitPointerFilter(context.Log.Write);
        var result = await steps.RunAsync(
            Sbuild(context, access, user, configuration), abort,
            bytes =>
            {
                scan.Write(bytes);
                pointers.Write(bytes);
            }).ConfigureAwait(false);
        var cause = result.Succeeded ? null : Verdict.CauseOf(result);
        scan.Complete();
        var isOnlyWarning = ImplicitPointerFilter.IsOnlyWarning(arguments.System.Architecture, arguments.Suite);
        pointers.Complete(isOnlyWarning);
        if (pointers.HasFinds && !isOnlyWarning)
            throw new PhaseFailedException(BuildStatus.PackageFail, "The package uses pointers that functions without a declaration return") { Cause = cause };
        if (result.ExitCode == SbuildExitCode.GivenBack)
            throw await JudgeAsync(site, scan, cause, abort).ConfigureAwait(false);
        if (!result.Succeeded)
            throw new PhaseFailedException(SbuildExitCode.ToStatus(result.ExitCode), $"sbuild ended with {result.Describe()}") { Cause = cause };
    }

    /// <summary>Tells whether a package that sbuild gave back waits for its dependencies. The chroot is still there.</summary>
    private async Task<PhaseFailedException> JudgeAsync(BuildSite site, SbuildLogScan scan, string? cause, CancellationToken abort)
    {
        var verdict = await new DepWaitAnalysis(ReadInsideAsync, ArchitectureTable.Load(), site.Context.Time).JudgeAsync(
            scan, site.Context.Request.Files[arguments.Dsc], arguments.System.Architecture, arguments.ArchIndep, abort).ConfigureAwait(false);
        return new PhaseFailedException(verdict.Status, verdict.Reason) { Dependencies = verdict.Dependencies, Cause = cause };

        Task<int> ReadInsideAsync(Command command, OutputWriter output, CancellationToken cancellationToken) => site.Environment.RunInsideAsync(
            command, cancellationToken, output: output, description: $"{command.File} in the chroot (its output is read, and not logged)");
    }

    private Command Sbuild(IBuildContext context, SbuildAccess access, BuildUser user, string configuration)
    {
        var processors = Environment.ProcessorCount;
        var buildOptions = new List<string>();
        if (!arguments.BuildDebugSymbols)
            buildOptions.Add("noautodbgsym");
        if (processors > 1)
            buildOptions.Add(string.Create(CultureInfo.InvariantCulture, $"parallel={processors}"));

        var sbuild = Command
            .Of("sbuild", [.. access.Arguments, $"--arch={arguments.System.Architecture}", $"--dist={arguments.Suite}", "--nolog"])
            .With(arguments.ArchIndep ? ["-A"] : [])
            .With(arguments.Dsc)
            .Behind(Personality.Program(arguments.System.Architecture));
        return access.AsUser(sbuild)
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
                context.Directory, $"{Path.GetFileNameWithoutExtension(arguments.Dsc)}_{arguments.System.Architecture}.changes");
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

    private string CurrentlyBuilding()
    {
        var package = arguments.Dsc.Split('_')[0];
        var text = $"Package: {package}\nComponent: {arguments.Component}\nSuite: {arguments.Suite}\nPurpose: {arguments.Purpose}\n";
        return arguments.BuildDebugSymbols ? text + "Build-Debug-Symbols: yes\n" : text;
    }
}

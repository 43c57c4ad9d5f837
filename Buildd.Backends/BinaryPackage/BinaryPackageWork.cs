using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Buildd.Backends.DebianBuilds;
using Buildd.Backends.Environments;
using Buildd.Backends.Limits;
using Buildd.Backends.Steps;
using Buildd.Debian.Architectures;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.BinaryPackage;

/// <summary>The building of one source package with sbuild: protocol section 12.1.</summary>
internal sealed class BinaryPackageWork(PackageRequest request, BinaryPackageOptions options) : IDebianWork
{
    /// <summary>What sbuild reads on this machine beside the file that is written for the build.</summary>
    private const string MachineConfiguration = "/etc/sbuild/sbuild.conf";

    /// <summary>How long may be waited for this machine's full name, which only stands in the packages' descriptions.</summary>
    private static readonly TimeSpan NameDeadline = TimeSpan.FromSeconds(2);

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
        var provenance = request.Arguments.Provenance ? await StartProvenanceAsync(site, abort).ConfigureAwait(false) : null;
        await BuildPackageAsync(site, _user!, abort).ConfigureAwait(false);
        site.Phases.Enter(Phase.Gather);
        var changes = $"{Path.GetFileNameWithoutExtension(request.Dsc)}_{request.System.Architecture}.changes";
        await PackageResults.GatherAsync(site.Context, changes, provenance, BuildOptions, abort).ConfigureAwait(false);
    }

    private async Task<ProvenanceRecorder> StartProvenanceAsync(BuildSite site, CancellationToken abort)
    {
        try
        {
            var recorder = new ProvenanceRecorder(site, request, options.BuilderVersion);
            await recorder.AddInputsAsync(abort).ConfigureAwait(false);
            return recorder;
        }
        catch (IOException e)
        {
            throw new PhaseFailedException(BuildStatus.ChrootFail, $"What the package is built from could not be noted: {e.Message}", e);
        }
    }

    private async Task BuildPackageAsync(BuildSite site, BuildUser user, CancellationToken abort)
    {
        var (context, steps, system) = (site.Context, site.Steps, site.Environment);
        await system.MakeKnownAsync(user, abort).ConfigureAwait(false);
        await system.WriteFileAsync("/CurrentlyBuilding", Encoding.UTF8.GetBytes(CurrentlyBuilding()), abort).ConfigureAwait(false);

        await site.GiveToAsync(user, abort).ConfigureAwait(false); // sbuild writes its results here, and reads the sources

        var access = await system.OpenToSbuildAsync(user, abort).ConfigureAwait(false);
        var configuration = Path.Combine(context.Directory, ".sbuildrc");
        await File.WriteAllTextAsync(
            configuration, SbuildConfiguration.Write(
                options, access.Configuration, await FullNameAsync(context, abort).ConfigureAwait(false)), abort).ConfigureAwait(false);
        await CheckConfigurationAsync(steps, access, configuration, abort).ConfigureAwait(false);
        await steps.RunAsync(system.Wear(Command.Of("uname", "-a")), abort).ConfigureAwait(false);
        context.Log.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Builds with {Environment.ProcessorCount} processors; DEB_BUILD_OPTIONS is '{BuildOptions}'"));
        var scan = new SbuildLogScan();
        var pointers = new ImplicitPointerFilter(context.Log.Write);
        var result = await steps.RunAsync(
            Sbuild(site, access, user, configuration), abort,
            bytes =>
            {
                scan.Write(bytes);
                pointers.Write(bytes);
            }).ConfigureAwait(false);
        var cause = result.Succeeded ? null : Verdict.CauseOf(new ExitCode(result.ExitCode));
        scan.Complete();
        var isOnlyWarning = ImplicitPointerFilter.IsOnlyWarning(request.System.Architecture, request.Suite);
        pointers.Complete(isOnlyWarning);
        if (pointers.HasFinds && !isOnlyWarning)
            throw new PhaseFailedException(BuildStatus.PackageFail, "The package uses pointers that functions without a declaration return")
            {
                Cause = cause,
            };
        if (result.ExitCode == SbuildExitCode.GivenBack)
            throw await JudgeAsync(site, scan, cause, abort).ConfigureAwait(false);
        if (!result.Succeeded)
            throw new PhaseFailedException(SbuildExitCode.ToStatus(result.ExitCode), $"sbuild ended with {result.Describe()}")
            {
                Cause = cause,
            };
    }

    /// <summary>What goes to the package's own programs; null when there is nothing to say.</summary>
    private string? BuildOptions
    {
        get
        {
            var words = new List<string>();
            if (!request.Arguments.BuildDebugSymbols)
                words.Add("noautodbgsym");
            if (Environment.ProcessorCount > 1)
                words.Add(string.Create(CultureInfo.InvariantCulture, $"parallel={Environment.ProcessorCount}"));
            return words.Count > 0 ? string.Join(' ', words) : null;
        }
    }

    /// <summary>A file that is no Perl is the builder's fault, and sbuild would call it the package's.</summary>
    /// <remarks>Differs: the reference looks at its own file only, but the machine's breaks a build as well.</remarks>
    private static async Task CheckConfigurationAsync(StepRunner steps, SbuildAccess access, string configuration, CancellationToken abort)
    {
        foreach (var path in (string[])[configuration, MachineConfiguration])
        {
            if (File.Exists(path)
                && !(await steps.RunAsync(access.AsUser(Command.Of("perl", "-c", path)), abort).ConfigureAwait(false)).Succeeded)
                throw new PhaseFailedException(
                    BuildStatus.BuilderFail, $"sbuild's configuration '{path}' is no Perl: see above, and correct it on this machine");
        }
    }

    private static async Task<string> FullNameAsync(IBuildContext context, CancellationToken abort)
    {
        var name = Dns.GetHostName();
        try
        {
            var entry = await Dns.GetHostEntryAsync(name, abort).WaitAsync(NameDeadline, context.Time, abort).ConfigureAwait(false);
            return entry.HostName is "" or "localhost" ? name : entry.HostName;
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            return name; // it is nowhere told more
        }
    }

    /// <summary>Tells whether a package that sbuild gave back waits for its dependencies. The chroot is still there.</summary>
    private async Task<PhaseFailedException> JudgeAsync(BuildSite site, SbuildLogScan scan, string? cause, CancellationToken abort)
    {
        var verdict = await new DepWaitAnalysis(ReadInsideAsync, ArchitectureTable.Load(), site.Context.Time).JudgeAsync(
            scan, site.Context.Request.Files[request.Dsc], request.System.Architecture, request.Arguments.ArchIndep, abort)
                .ConfigureAwait(false);
        return new PhaseFailedException(verdict.Status, verdict.Reason) { Dependencies = verdict.Dependencies, Cause = cause };

        Task<int> ReadInsideAsync(Command command, OutputWriter output, CancellationToken cancellationToken) =>
            site.Environment.RunInsideAsync(
            command, cancellationToken, output: output, description: $"{command.File} in the chroot (its output is read, and not logged)");
    }

    private Command Sbuild(BuildSite site, SbuildAccess access, BuildUser user, string configuration)
    {
        var context = site.Context;
        var sbuild = site.Environment.Wear(Command
            .Of("sbuild", [.. access.Arguments, $"--arch={request.System.Architecture}", $"--dist={request.Suite}", "--nolog"])
            .With(request.Arguments.ArchIndep ? ["-A"] : [])
            .With(request.Dsc));
        return access.AsUser(sbuild)
            .WithEnvironment("SBUILD_CONFIG", configuration)
            .WithEnvironment("HOME", context.Directory)
            .WithEnvironment("USER", user.Name)
            .WithEnvironment("LOGNAME", user.Name)
            .WithEnvironment("LANG", "C.UTF-8")
            .WithEnvironment("DEB_BUILD_OPTIONS", BuildOptions)
            with
        { WorkingDirectory = context.Directory };
    }

    private string CurrentlyBuilding()
    {
        var package = request.Dsc.Split('_')[0];
        var text = $"Package: {package}\nComponent: {request.Arguments.Component}\nSuite: {request.Suite}\nPurpose: {request.Purpose}\n";
        return request.Arguments.BuildDebugSymbols ? text + "Build-Debug-Symbols: yes\n" : text;
    }
}

using System.Globalization;
using Buildd.Backends.Environments;
using Buildd.Backends.Root;
using Buildd.Backends.Steps;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.DebianBuilds;

/// <summary>The place and the means that the work of one build is given.</summary>
/// <param name="Context">What the build has of its slave.</param>
/// <param name="Arguments">What the master said of the system.</param>
/// <param name="Phases">Where the build is.</param>
/// <param name="Steps">Runs commands on this machine.</param>
/// <param name="Environment">The system to build in.</param>
internal sealed record BuildSite(
    IBuildContext Context, DebianArguments Arguments, PhaseClock Phases, StepRunner Steps, BuildEnvironment Environment)
{
    /// <summary>
    /// Gives the build's folder, which nobody else enters, to the user whose programs work in it on this machine. Its group stays: it may
    /// be that of the users of a namespace.
    /// </summary>
    /// <exception cref="PhaseFailedException">It can't be done.</exception>
    internal Task GiveToAsync(BuildUser user, CancellationToken abort) => CurrentUser.IsRoot
        ? Steps.RunOrFailAsync(
            Command.Of("chown", "--no-dereference", user.Id.ToString(CultureInfo.InvariantCulture), Context.Directory),
            BuildStatus.BuilderFail, abort)
        : Task.CompletedTask;

    /// <summary>Puts a site together; nothing of the build is touched yet.</summary>
    /// <param name="context">The build.</param>
    /// <param name="scope">What its commands belong to.</param>
    /// <param name="arguments">What the master said of the system.</param>
    /// <param name="options">How builds of the kind take place.</param>
    /// <param name="trial">Whether this machine can mount overlays.</param>
    internal static async Task<BuildSite> OpenAsync(
        IBuildContext context, ProcessScope scope, DebianArguments arguments, DebianBuildOptions options, OverlayTrial trial)
    {
        var root = RootRunner.For(
            options.Root, context.Directory, scope, context.Time,
            context.Request.ChrootPath, options.SchrootDirectory, BuildUser.Find(options.EffectiveBuildUser).User?.Id,
            options.ReadableFolders);
        var steps = new StepRunner(context, scope, root);
        var environment = await EnvironmentChoice.CreateAsync(
            options, trial, context, steps, root, new Personality(arguments.Architecture, arguments.Series)).ConfigureAwait(false);
        return new BuildSite(context, arguments, new PhaseClock(context), steps, environment);
    }
}

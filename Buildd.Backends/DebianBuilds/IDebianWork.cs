using Buildd.Backends.Steps;

namespace Buildd.Backends.DebianBuilds;

/// <summary>What is particular to a kind of build: all else of a build in a Debian system is <see cref="DebianBuild"/>'s.</summary>
/// <remarks>One object for one build. What fails is a <see cref="PhaseFailedException"/>; anything else is the builder's fault.</remarks>
internal interface IDebianWork
{
    /// <summary>Looks at the machine before anything is touched, so that what is missing is said in one sentence.</summary>
    /// <exception cref="PhaseFailedException">Something is missing.</exception>
    Task InspectAsync(BuildSite site, CancellationToken abort);

    /// <summary>
    /// Does the work, in the system that is unpacked, mounted and up to date, and takes over the results. Enters its own
    /// phases, <see cref="Phase.Gather"/> with them. What it leaves running is ended after it.
    /// </summary>
    /// <exception cref="PhaseFailedException">The build has failed.</exception>
    Task RunAsync(BuildSite site, CancellationToken abort);
}

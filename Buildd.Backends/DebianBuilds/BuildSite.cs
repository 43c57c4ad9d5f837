using Buildd.Backends.Environments;
using Buildd.Backends.Steps;
using Buildd.Slave.Builds;

namespace Buildd.Backends.DebianBuilds;

/// <summary>What the work of one build finds.</summary>
/// <param name="Context">What the build has of its slave.</param>
/// <param name="Arguments">What the master said of the system.</param>
/// <param name="Phases">Where the build is.</param>
/// <param name="Steps">Runs commands on this machine.</param>
/// <param name="Environment">The system to build in.</param>
internal sealed record BuildSite(
    IBuildContext Context, DebianArguments Arguments, PhaseClock Phases, StepRunner Steps, BuildEnvironment Environment);

using Buildd.Master.Results;
using Buildd.Master.Scanning;

namespace Buildd.Master;

/// <summary>How a <see cref="BuildRunner"/> does its work.</summary>
public sealed record BuildRunnerOptions
{
    /// <summary>Where results go, and how they are fetched.</summary>
    public required ResultOptions Results { get; init; }

    /// <summary>How the running build is watched.</summary>
    public MonitorOptions Monitor { get; init; } = new();
}

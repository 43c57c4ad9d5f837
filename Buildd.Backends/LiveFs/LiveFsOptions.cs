using Buildd.Backends.DebianBuilds;
using Buildd.Backends.Environments;
using Buildd.Slave.Files;

namespace Buildd.Backends.LiveFs;

/// <summary>How this machine builds live file systems.</summary>
public sealed record LiveFsOptions : DebianBuildOptions
{
    /// <summary>
    /// Folders of this machine that branches may be taken from by <c>file://</c>, as full paths; none by default. The system of a
    /// build may read all that is in one that it names.
    /// </summary>
    public IReadOnlyCollection<string> FileBranches { get; init; } = [];

    /// <summary>Where branches may be fetched from by http and https; null, the default, means everywhere.</summary>
    public IReadOnlyList<HostPattern>? BranchHosts { get; init; }

    /// <summary>The variables that a master may set for the image tool; all by default.</summary>
    public IReadOnlyList<NamePattern> EnvironmentNames { get; init; } = [NamePattern.Any];

    /// <inheritdoc/>
    /// <remarks>Image tools, and the configurations that they run, install packages as root all along.</remarks>
    public override bool FetchesThroughout => true;

    /// <summary>
    /// Returns a sentence on why images can't be made as these options say; null when they can. A backend is offered only then.
    /// </summary>
    /// <remarks>
    /// Image tools mount, make device nodes and take loop devices, which a system that is kept apart from the machine can't.
    /// </remarks>
    public string? FindMistake() => Environment is EnvironmentKind.Unshare or EnvironmentKind.Nspawn
        ? "builds of live file systems are not offered, since image tools need mounts and devices that there are none of "
            + $"in the environment '{Environment.ToString()!.ToLowerInvariant()}': set environment in [livefs] to auto, chroot or overlay"
        : null;

    /// <inheritdoc/>
    internal override IReadOnlyCollection<string> ReadableFolders => FileBranches;
}

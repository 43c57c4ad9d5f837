using Buildd.Backends.DebianBuilds;
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

    /// <inheritdoc/>
    internal override IReadOnlyCollection<string> ReadableFolders => FileBranches;
}

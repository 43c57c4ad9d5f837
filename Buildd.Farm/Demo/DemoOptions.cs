namespace Buildd.Farm.Demo;

/// <summary>What the demo is told. All paths are absolute.</summary>
internal sealed record DemoOptions
{
    /// <summary>The source package to build.</summary>
    internal required string Package { get; init; }

    /// <summary>Where results go: <c>incoming/</c> and the slave's own log.</summary>
    internal required string OutputDirectory { get; init; }

    /// <summary>The slave's program.</summary>
    internal required string SlaveProgram { get; init; }

    /// <summary>Where chroot tarballs are kept.</summary>
    internal required string ChrootCache { get; init; }

    /// <summary>Where a folder for the slave's files is made.</summary>
    internal required string WorkParent { get; init; }

    /// <summary>Whether the chroot is made anew.</summary>
    internal required bool FreshChroot { get; init; }
}

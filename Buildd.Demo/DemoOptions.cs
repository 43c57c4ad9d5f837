using Buildd.Linux.Processes;

namespace Buildd.Demo;

/// <summary>What the demo is told. All paths are absolute.</summary>
internal sealed record DemoOptions
{
    /// <summary>The source package to build.</summary>
    internal required string Package { get; init; }

    /// <summary>Where results go: a folder per run, with the archive and all logs.</summary>
    internal required string OutputDirectory { get; init; }

    /// <summary>The slave's program.</summary>
    internal required string SlaveProgram { get; init; }

    /// <summary>The farm's program.</summary>
    internal required string FarmProgram { get; init; }

    /// <summary>Where chroot tarballs are kept.</summary>
    internal required string ChrootCache { get; init; }

    /// <summary>Where a folder for the slave's files is made.</summary>
    internal required string WorkParent { get; init; }

    /// <summary>Whether the chroot is made anew.</summary>
    internal required bool FreshChroot { get; init; }

    /// <exception cref="FarmException">What can't go well on this machine is said before it begins.</exception>
    internal void Require(string what)
    {
        if (!CurrentUser.IsRoot)
            throw new FarmException($"making {what} needs root, for chroots and mounts: run it as root, or with sudo ('make' does)");
        foreach (var program in (string[])[SlaveProgram, FarmProgram])
        {
            if (!File.Exists(program))
                throw new FarmException($"the program '{program}' is not there: run 'make build' first");
        }
    }
}

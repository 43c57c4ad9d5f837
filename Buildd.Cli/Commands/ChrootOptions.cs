using System.CommandLine;

namespace Buildd.Cli.Commands;

/// <summary>The options of whatever makes a chroot of this machine's release.</summary>
internal static class ChrootOptions
{
    internal static Option<string> Cache() => new("--chroot-cache")
    {
        Description = "Where chroot tarballs are kept for the next time.",
        HelpName = "DIR",
        DefaultValueFactory = _ => "/var/cache/buildd/chroots",
    };

    internal static Option<string> Work() => new("--work")
    {
        Description = "Where a folder for what is needed meanwhile is made; some 2 GB.",
        HelpName = "DIR",
        DefaultValueFactory = _ => "/var/tmp",
    };

    internal static Option<bool> Fresh() => new("--fresh-chroot")
    {
        Description = "Make the chroot tarball again even if there is one.",
    };
}

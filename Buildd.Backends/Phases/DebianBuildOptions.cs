using Buildd.Backends.Limits;
using Buildd.Backends.Root;

namespace Buildd.Backends.Phases;

/// <summary>How this machine runs the builds of one kind that take place in a Debian system.</summary>
public abstract record DebianBuildOptions
{
    private protected DebianBuildOptions()
    {
    }

    /// <summary>How what needs root is done. By default the slave runs as root.</summary>
    public RootAccess Root { get; init; } = RootAccess.Direct;

    /// <summary>
    /// The user that sbuild and the package's own programs run as. The default is the account that Debian's sbuild package
    /// makes; the reference's installations have <c>buildd</c>. It has to be a member of the group sbuild, and not root:
    /// some packages refuse to be built by root. A slave that does not run as root builds as the user it runs as, whatever is
    /// said here.
    /// </summary>
    public string BuildUser { get; init; } = "sbuild";

    /// <summary>The folder of schroot's definitions.</summary>
    public string SchrootDirectory { get; init; } = "/etc/schroot/chroot.d";

    /// <summary>What a build may use; nothing is limited by default, but see the kind.</summary>
    public BuildLimits Limits { get; init; } = new();

    /// <summary>The limits with those that the kind always has.</summary>
    internal virtual BuildLimits EffectiveLimits => Limits;

    /// <summary>Folders of this machine that the system of a build may be let read.</summary>
    internal virtual IReadOnlyCollection<string> ReadableFolders => [];

    /// <summary>Only root can build as somebody else.</summary>
    internal string EffectiveBuildUser => Processes.CurrentUser.IsRoot ? BuildUser : Environment.UserName;
}

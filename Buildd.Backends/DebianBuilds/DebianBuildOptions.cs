using Buildd.Backends.Environments;
using Buildd.Backends.Limits;
using Buildd.Backends.Root;

namespace Buildd.Backends.DebianBuilds;

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

    /// <summary>What the system of a build is made of; null, the default, means the quickest that this machine can.</summary>
    public EnvironmentKind? Environment { get; init; }

    /// <summary>
    /// Whether a build reaches the network. True, as in the reference. What installs its dependencies always does; without it
    /// the package's own programs have a loopback interface that is up, and nothing else.
    /// </summary>
    public bool Network { get; init; } = true;

    /// <summary>
    /// Whether this kind of build fetches until its end, and by the same programs that a network has to be kept from: such a
    /// build is refused without <see cref="Network"/>.
    /// </summary>
    public virtual bool FetchesThroughout => false;

    /// <summary>
    /// The URL of the proxy that apt in a build's system fetches packages through; null, the default, for none. As in the
    /// reference it counts for builds whose master says where to install from; the system of others is left as it is.
    /// </summary>
    public string? AptProxy { get; init; }

    /// <summary>What a build may use; nothing is limited by default, but see the kind.</summary>
    public BuildLimits Limits { get; init; } = new();

    /// <summary>Whether these builds take place in overlays if this machine can: <see cref="OverlayTrial"/> tells whether.</summary>
    public bool PrefersOverlay => Environment is EnvironmentKind.Overlay or null;

    /// <summary>The limits with those that the kind always has.</summary>
    internal virtual BuildLimits EffectiveLimits => Limits;

    /// <summary>Folders of this machine that the system of a build may be let read.</summary>
    internal virtual IReadOnlyCollection<string> ReadableFolders => [];

    /// <summary>Only root can build as somebody else.</summary>
    internal string EffectiveBuildUser => Linux.Processes.CurrentUser.IsRoot ? BuildUser : System.Environment.UserName;
}

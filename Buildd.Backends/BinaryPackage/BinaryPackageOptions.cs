using Buildd.Backends.Limits;
using Buildd.Backends.Root;

namespace Buildd.Backends.BinaryPackage;

/// <summary>How this machine builds packages.</summary>
public sealed record BinaryPackageOptions
{
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

    /// <summary>After how long without output a build is ended when <see cref="Limits"/> has no silence; the reference's figure.</summary>
    public static readonly TimeSpan DefaultSilence = TimeSpan.FromMinutes(150);

    /// <summary>What a build may use; of silence always <see cref="DefaultSilence"/> unless something else is said.</summary>
    public BuildLimits Limits { get; init; } = new();

    /// <summary>The limits with the silence that there always is.</summary>
    internal BuildLimits EffectiveLimits => Limits.Silence > TimeSpan.Zero ? Limits : Limits with { Silence = DefaultSilence };
}

namespace Buildd.Backends.BinaryPackage;

/// <summary>How this machine builds packages.</summary>
public sealed record BinaryPackageOptions
{
    /// <summary>
    /// The user that sbuild and the package's own programs run as. The default is the account that Debian's sbuild package
    /// makes; the reference's installations have <c>buildd</c>. It has to be a member of the group sbuild, and not root:
    /// some packages refuse to be built by root.
    /// </summary>
    public string BuildUser { get; init; } = "sbuild";

    /// <summary>The folder of schroot's definitions.</summary>
    public string SchrootDirectory { get; init; } = "/etc/schroot/chroot.d";

    /// <summary>After how long without output sbuild ends a build; the reference's figure.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromMinutes(150);
}

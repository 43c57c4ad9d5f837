namespace Buildd.Master.Uploads.Checks;

/// <summary>What an archive takes: the names that its <c>.changes</c> may use, and how much is read to find out. Immutable.</summary>
public sealed record UploadPolicy
{
    /// <summary>
    /// The suites that the Distribution field may name; null, the default, for any: what a build was for is decided by its
    /// record.
    /// </summary>
    public IReadOnlySet<string>? Suites { get; init; }

    /// <summary>
    /// The components of which a section may be part, as in <c>contrib/utils</c>; by default those of Debian and of Ubuntu.
    /// A section without one is in main.
    /// </summary>
    public IReadOnlySet<string> Components { get; init; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "main", "contrib", "non-free", "non-free-firmware", "restricted", "universe", "multiverse", Partner,
    };

    /// <summary>
    /// The sections; others are rejected. Null, the default, for any: one that neither Debian Policy 2.4 nor Debian's installer knows is
    /// then a warning, since Debian gets a new one every few years.
    /// </summary>
    public IReadOnlySet<string>? Sections { get; init; }

    /// <summary>
    /// Packages that a source may publish though another source has published them in the same series; none by default. What a
    /// source's <c>.dsc</c> does not name is rejected all the same.
    /// </summary>
    public IReadOnlyList<PackageTakeover> Takeovers { get; init; } = [];

    /// <summary>How long the reading of one package may take; default 15 minutes, enough for tens of gigabytes of xz.</summary>
    public TimeSpan PackageTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// How many bytes a package may unpack to; default 64 GiB, some ten times the largest in Debian. More is not read: a few
    /// kilobytes can unpack to any size.
    /// </summary>
    public long MaxUnpackedBytes { get; init; } = 64L << 30;

    /// <summary>How many files a package may hold; default 2,000,000, ten times the most in Debian.</summary>
    public int MaxMembers { get; init; } = 2_000_000;

    /// <summary>The component whose files must not come together with those of others.</summary>
    internal const string Partner = "partner";
}

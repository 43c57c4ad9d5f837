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

    /// <summary>The sections; by default those of Debian Policy 2.4 and of Debian's installer. Null for any.</summary>
    public IReadOnlySet<string>? Sections { get; init; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "admin", "cli-mono", "comm", "database", "debian-installer", "debug", "devel", "doc", "editors", "education", "electronics",
        "embedded", "fonts", "games", "gnome", "gnu-r", "gnustep", "graphics", "hamradio", "haskell", "httpd", "interpreters",
        "introspection", "java", "javascript", "kde", "kernel", "libdevel", "libs", "lisp", "localization", "mail", "math",
        "metapackages", "misc", "net", "news", "ocaml", "oldlibs", "otherosfs", "perl", "php", "python", "raku", "ruby", "rust",
        "science", "shells", "sound", "tasks", "tex", "text", "translations", "utils", "vcs", "video", "web", "x11", "xfce", "zope",
    };

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

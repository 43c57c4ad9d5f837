using Buildd.Debian.Packages;

namespace Buildd.Master.Uploads.Checks;

/// <summary>What the names of an upload's files say.</summary>
internal static class DebNames
{
    /// <summary>The priorities of Policy 2.5, with the one it no longer has.</summary>
    public static readonly string[] Priorities = ["required", "important", "standard", "optional", "extra"];

    /// <summary>The sections of Policy 2.4, and those of Debian's installer. A test compares them with those that Debian has.</summary>
    public static readonly IReadOnlySet<string> Sections = new HashSet<string>(StringComparer.Ordinal)
    {
        "admin", "cli-mono", "comm", "database", "debian-installer", "debug", "devel", "doc", "editors", "education", "electronics",
        "embedded", "fonts", "games", "gnome", "gnu-r", "gnustep", "golang", "graphics", "hamradio", "haskell", "httpd", "interpreters",
        "introspection", "java", "javascript", "kde", "kernel", "libdevel", "libs", "lisp", "localization", "mail", "math",
        "metapackages", "misc", "net", "news", "ocaml", "oldlibs", "otherosfs", "perl", "php", "python", "raku", "ruby", "rust",
        "science", "shells", "sound", "tasks", "tex", "text", "translations", "utils", "vcs", "video", "web", "x11", "xfce", "zope",
    };

    private const string SymbolsSuffix = "-dbgsym";

    private static readonly string[] TarEndings = [".tar.gz", ".tar.bz2", ".tar.xz", ".tar.lzma", ".tar.zst"];

    /// <summary>What a file is; null when it is nothing that an upload may have.</summary>
    public static UploadFileKind? KindOf(ListedFile file)
    {
        var name = file.Name;
        if (file.Section is { } section && IsCustom(SplitSection(section).Section))
            return UploadFileKind.Custom;
        return Path.GetExtension(name) switch
        {
            ".deb" => UploadFileKind.Deb,
            ".udeb" => UploadFileKind.Udeb,
            ".ddeb" => UploadFileKind.Ddeb,
            ".buildinfo" => UploadFileKind.BuildInfo,
            ".dsc" => UploadFileKind.Source,
            _ when name.EndsWith(".diff.gz", StringComparison.Ordinal) || IsTarball(name)
                || (name.EndsWith(".asc", StringComparison.Ordinal) && IsTarball(name[..^".asc".Length])) => UploadFileKind.Source,
            _ => null,
        };
    }

    public static bool IsBinary(UploadFileKind kind) => kind is UploadFileKind.Deb or UploadFileKind.Udeb or UploadFileKind.Ddeb;

    /// <summary><c>contrib/utils</c> is the component and the section; a section by itself is in main.</summary>
    public static (string Component, string Section) SplitSection(string section)
    {
        var slash = section.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? ("main", section) : (section[..slash], section[(slash + 1)..]);
    }

    /// <summary>
    /// The architecture that a word of the field Architecture is for; null for none. Ubuntu's stripper of translations adds
    /// <c>amd64_translations</c> for a custom file, which says nothing of packages.
    /// </summary>
    public static string? ArchitectureOf(string word) => word.EndsWith("_translations", StringComparison.Ordinal) ? null : word;

    /// <summary>
    /// The word that dpkg-genchanges adds to the field Architecture for a file that is no package, <c>NAME_VERSION_WORD.EXT</c>, whatever
    /// the word means; null where the name has none.
    /// </summary>
    public static string? WordOf(string name) => name.Split('_', 3) is [_, _, var rest] ? rest.Split('.', 2)[0] : null;

    public static string WithoutEpoch(string version) => version[(version.IndexOf(':', StringComparison.Ordinal) + 1)..];

    /// <summary>The three parts of <c>PACKAGE_VERSION_ARCHITECTURE.deb</c>, or null.</summary>
    public static (string Package, string Version, string Architecture)? Parts(string name) =>
        Path.GetFileNameWithoutExtension(name)
            .Split('_') is [{ Length: > 0 } package, { Length: > 0 } version, { Length: > 0 } architecture]
            ? (package, version, architecture)
            : null;

    /// <summary>The package whose debug symbols are in a package of this name; null when it isn't named as debhelper names those.</summary>
    public static string? OwnerOfSymbols(string package) =>
        package.Length > SymbolsSuffix.Length && package.EndsWith(SymbolsSuffix, StringComparison.Ordinal)
            ? package[..^SymbolsSuffix.Length]
            : null;

    /// <summary>Policy 5.6.1: at least two of <c>a-z 0-9 + - .</c>, the first a letter or digit.</summary>
    public static bool IsPackageName(string name) =>
        name.Length >= 2 && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '+' or '-' or '.');

    /// <summary>Letters, digits and <c>-+~._</c> only.</summary>
    public static bool IsPlain(string name) => name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '+' or '~' or '.' or '_');

    /// <summary>By Policy 5.6.21 a file in the section <c>byhand</c> is no package; archives have some procedures of their own.</summary>
    private static bool IsCustom(string section) => section == "byhand" || section.StartsWith("raw-", StringComparison.Ordinal);

    private static bool IsTarball(string name) => TarEndings.Any(ending => name.EndsWith(ending, StringComparison.Ordinal));
}

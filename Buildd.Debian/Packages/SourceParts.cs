namespace Buildd.Debian.Packages;

/// <summary>Looks whether a <c>.dsc</c> lists all that its format is made of (dpkg-source(1)). Any thread may call.</summary>
public static class SourceParts
{
    /// <summary>Returns what dpkg-source would miss, in a few words; null when nothing, or when the format is not known here.</summary>
    public static string? FindMissing(SourceControl package)
    {
        ArgumentNullException.ThrowIfNull(package);
        bool Has(string part) => package.Files.Any(
            file => file.Name.Contains(part, StringComparison.Ordinal) && !file.Name.EndsWith(".asc", StringComparison.Ordinal));
        return string.Join(' ', package.Format.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)) switch
        {
            "1.0" or "3.0 (native)" => Has(".tar.") ? null : "a tarball",
            "2.0" or "3.0 (quilt)" => !Has(".orig.tar.") ? "an .orig.tar" : Has(".debian.tar.") ? null : "a .debian.tar",
            "3.0 (git)" => Has(".git") ? null : "a bundle of git",
            _ => null,
        };
    }
}

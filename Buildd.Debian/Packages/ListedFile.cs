using Buildd.Linux.Files;
namespace Buildd.Debian.Packages;

/// <summary>
/// A file that a <c>.dsc</c> or <c>.changes</c> lists: what <c>Files</c>, <c>Checksums-Sha1</c> and
/// <c>Checksums-Sha256</c> say of it, put together by name. Sums are lower-case hexadecimal.
/// </summary>
public sealed record ListedFile
{
    /// <summary>The name; <see cref="FileName.Check"/> accepted it.</summary>
    public required string Name { get; init; }

    /// <summary>The size in bytes; all lists agree on it.</summary>
    public required long Size { get; init; }

    /// <summary>The MD5, which is in every list of files. It identifies; it proves nothing.</summary>
    public required string Md5 { get; init; }

    /// <summary>The SHA-1; null when the file has no <c>Checksums-Sha1</c> (before format 1.8).</summary>
    public string? Sha1 { get; init; }

    /// <summary>The SHA-256; null when the file has no <c>Checksums-Sha256</c> (before format 1.8).</summary>
    public string? Sha256 { get; init; }

    /// <summary>The section, as <c>devel</c> or <c>contrib/utils</c>; null in a <c>.dsc</c>, which has none.</summary>
    public string? Section { get; init; }

    /// <summary>The priority, as <c>optional</c>; null in a <c>.dsc</c>, which has none.</summary>
    public string? Priority { get; init; }
}

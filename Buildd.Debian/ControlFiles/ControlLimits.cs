namespace Buildd.Debian.ControlFiles;

/// <summary>
/// What a control file may be before it is refused. The files come from people's uploads and from slaves, so each
/// number is a bound on memory, well above what Debian's archive has.
/// </summary>
public static class ControlLimits
{
    /// <summary>
    /// 8 MiB. The largest real files are <c>.changes</c> of sources with hundreds of packages, some hundred KiB; a
    /// <c>Packages</c> index is not meant to be read by this library.
    /// </summary>
    public const int MaxFileBytes = 8 * 1024 * 1024;

    /// <summary>10,000. The source packages with most binaries have about two thousand paragraphs in debian/control.</summary>
    public const int MaxParagraphs = 10_000;

    /// <summary>256. Policy knows about forty fields, and people add their own (<c>X-…</c>, <c>Testsuite-…</c>).</summary>
    public const int MaxFieldsPerParagraph = 256;

    /// <summary>128 characters; the longest name in Policy has 23 (Checksums, Standards-Version and the like).</summary>
    public const int MaxFieldNameLength = 128;

    /// <summary>10,000 names in one list of files; see <see cref="Packages.ListedFile"/>.</summary>
    public const int MaxListedFiles = 10_000;
}

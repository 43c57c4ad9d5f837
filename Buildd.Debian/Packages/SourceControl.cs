using System.Text.RegularExpressions;
using Buildd.Debian.ControlFiles;
using Buildd.Debian.Versions;
using Buildd.Linux.Files;

namespace Buildd.Debian.Packages;

/// <summary>
/// A source package's description, the <c>.dsc</c> (Policy 5.4, dsc(5)). An inline signature is not verified; see
/// <see cref="ControlReader"/>. As dpkg-source does, the first paragraph is read: text after it is passed over.
/// </summary>
public sealed partial record SourceControl
{
    /// <summary>The source format, as <c>3.0 (quilt)</c>.</summary>
    public required string Format { get; init; }

    /// <summary>The source package's name; well formed.</summary>
    public required string Source { get; init; }

    /// <summary>The version with its epoch, if it has one; well formed, with a digit after the epoch, as dpkg-source asks for.</summary>
    public required string Version { get; init; }

    /// <summary>What it can be built for: architectures and wildcards such as <c>any</c>, <c>all</c>, <c>linux-any</c>.</summary>
    public required IReadOnlyList<string> Architectures { get; init; }

    /// <summary>
    /// The names of the binary packages it can build: those of the field Binary, and then those that only the field Package-List has.
    /// Empty when both are missing. Packages of debug symbols that debhelper adds are not among them.
    /// </summary>
    public required IReadOnlyList<string> Binaries { get; init; }

    /// <summary>The tarballs, patches and signatures it is made of. The <c>.dsc</c> itself is not among them.</summary>
    public required IReadOnlyList<ListedFile> Files { get; init; }

    /// <summary>All fields, for what has no property here.</summary>
    public required Paragraph Paragraph { get; init; }

    /// <summary>Reads a <c>.dsc</c> that is in memory.</summary>
    /// <param name="file">What to call the file in messages.</param>
    /// <param name="content">The whole file.</param>
    /// <exception cref="ControlFileException">It is malformed, or a field is missing or malformed.</exception>
    public static SourceControl Read(string file, ReadOnlyMemory<byte> content) =>
        From(file, ControlReader.ReadFirst(file, content));

    /// <summary>Reads a <c>.dsc</c> from the disk.</summary>
    /// <exception cref="ControlFileException">It is malformed, or a field is missing or malformed.</exception>
    /// <exception cref="IOException">The file can't be opened or read.</exception>
    public static async Task<SourceControl> ReadFileAsync(string path, CancellationToken cancellationToken = default) =>
        Read(path, await ControlReader.LoadAsync(path, cancellationToken).ConfigureAwait(false));

    private static SourceControl From(string file, Paragraph paragraph)
    {
        var fields = new ControlFields(file, paragraph);
        return new SourceControl
        {
            Format = FormatOf(fields),
            Source = fields.PackageName("Source", fields.Text("Source")),
            Version = WellFormed(fields, fields.Version("Version", fields.Text("Version"))),
            Architectures = fields.RequiredWords("Architecture"),
            Binaries = BinaryNames(fields),
            Files = FileLists.Read(fields, withSections: false),
            Paragraph = paragraph,
        };
    }

    private static string FormatOf(ControlFields fields)
    {
        var text = fields.Text("Format");
        return FormatPattern().IsMatch(text)
            ? text
            : throw fields.Mistake(fields.Require("Format").Line, $"{FileName.Display(text)} is no format of a source package");
    }

    [GeneratedRegex(@"^[0-9]+(\.[0-9]+)?([ \t]+\([a-z0-9]+\))?$")]
    private static partial Regex FormatPattern();

    private static string WellFormed(ControlFields fields, string text) =>
        DebianVersion.TryParse(text) is { } version && char.IsAsciiDigit(version.Upstream[0])
            ? text
            : throw fields.Mistake(fields.Require("Version").Line, $"{FileName.Display(text)} is no version that dpkg-source unpacks");

    /// <summary>
    /// Unlike that of a <c>.changes</c>, this Binary field has commas between the names. Package-List has a line for each package, which
    /// begins with its name (dsc(5)).
    /// </summary>
    private static string[] BinaryNames(ControlFields fields)
    {
        var listed = fields.Find("Package-List")?.Lines.Select(line => ControlFields.Words(line.Text)).Where(words => words.Length > 0);
        return
        [
            .. fields.OptionalWords("Binary").SelectMany(word => word.Split(',', StringSplitOptions.RemoveEmptyEntries))
                .Concat(listed?.Select(words => words[0]) ?? [])
                .Distinct(StringComparer.Ordinal),
        ];
    }
}

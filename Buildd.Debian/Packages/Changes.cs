using Buildd.Debian.ControlFiles;

namespace Buildd.Debian.Packages;

/// <summary>
/// The description of an upload, the <c>.changes</c> (Policy 5.5, deb-changes(5)). An inline signature is not verified;
/// see <see cref="ControlReader"/>.
/// </summary>
public sealed record Changes
{
    /// <summary>The source package's name; well formed.</summary>
    public required string Source { get; init; }

    /// <summary>The upload's version; only its characters were checked.</summary>
    public required string Version { get; init; }

    /// <summary>
    /// The source package's version, which differs from <see cref="Version"/> in a rebuild without changes (a
    /// <c>+b1</c>): there the field reads <c>Source: hello (2.10-3)</c>.
    /// </summary>
    public required string SourceVersion { get; init; }

    /// <summary>What is in the upload: <c>source</c>, <c>all</c>, architectures.</summary>
    public required IReadOnlyList<string> Architectures { get; init; }

    /// <summary>The suite or suites it is meant for; at least one.</summary>
    public required IReadOnlyList<string> Distributions { get; init; }

    /// <summary>The binary packages in the upload; empty when it is of a source only.</summary>
    public required IReadOnlyList<string> Binaries { get; init; }

    /// <summary>The files of the upload. The <c>.changes</c> itself is not among them.</summary>
    public required IReadOnlyList<ListedFile> Files { get; init; }

    /// <summary>All fields, for what has no property here.</summary>
    public required Paragraph Paragraph { get; init; }

    /// <summary>Reads a <c>.changes</c> that is in memory.</summary>
    /// <param name="file">What to call the file in messages.</param>
    /// <param name="content">The whole file.</param>
    /// <exception cref="ControlFileException">It is malformed, or a field is missing or malformed.</exception>
    public static Changes Read(string file, ReadOnlyMemory<byte> content) => From(file, ControlReader.Read(file, content));

    /// <summary>Reads a <c>.changes</c> from the disk.</summary>
    /// <exception cref="ControlFileException">It is malformed, or a field is missing or malformed.</exception>
    /// <exception cref="IOException">The file can't be opened or read.</exception>
    public static async Task<Changes> ReadFileAsync(string path, CancellationToken cancellationToken = default) =>
        From(path, await ControlReader.ReadFileAsync(path, cancellationToken).ConfigureAwait(false));

    /// <summary>
    /// Finds what is wrong with the fields of a <c>.changes</c>, all of it and not only the first mistake; for who has to tell
    /// somebody what to mend.
    /// </summary>
    /// <param name="file">What to call the file in messages.</param>
    /// <param name="paragraph">Its only paragraph.</param>
    /// <param name="changes">The upload's description when nothing is wrong, else null.</param>
    /// <returns>The mistakes in the order in which they were met; none when there are none.</returns>
    public static IReadOnlyList<ControlFileException> FindMistakes(string file, Paragraph paragraph, out Changes? changes)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(paragraph);
        var mistakes = new List<ControlFileException>();
        var fields = new ControlFields(file, paragraph, mistakes);
        fields.Try(() => fields.Version("Version", fields.Text("Version")));
        fields.Try(() => SourceOf(fields));
        fields.Try(() => fields.RequiredWords("Architecture"));
        fields.Try(() => fields.RequiredWords("Distribution"));
        fields.Try(() => FileLists.Read(fields, withSections: true));
        changes = mistakes.Count == 0 ? From(file, [paragraph]) : null;
        return mistakes;
    }

    private static Changes From(string file, IReadOnlyList<Paragraph> paragraphs)
    {
        var paragraph = ControlReader.Single(file, paragraphs);
        var fields = new ControlFields(file, paragraph);
        var version = fields.Version("Version", fields.Text("Version"));
        var (source, sourceVersion) = SourceOf(fields);
        return new Changes
        {
            Source = source,
            Version = version,
            SourceVersion = sourceVersion ?? version,
            Architectures = fields.RequiredWords("Architecture"),
            Distributions = fields.RequiredWords("Distribution"),
            Binaries = fields.OptionalWords("Binary"),
            Files = FileLists.Read(fields, withSections: true),
            Paragraph = paragraph,
        };
    }

    /// <summary><c>NAME</c> or <c>NAME (VERSION)</c>.</summary>
    private static (string Name, string? Version) SourceOf(ControlFields fields)
    {
        var words = ControlFields.Words(fields.Text("Source"));
        var name = fields.PackageName("Source", words[0]);
        return words switch
        {
            [_] => (name, null),
            [_, ['(', .. var version, ')']] => (name, fields.Version("Source", version)),
            _ => throw fields.Mistake(fields.Require("Source").Line, "Source is neither NAME nor NAME (VERSION)"),
        };
    }
}

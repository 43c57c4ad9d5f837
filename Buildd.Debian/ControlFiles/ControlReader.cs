using Buildd.Linux.Files;

namespace Buildd.Debian.ControlFiles;

/// <summary>
/// Reads control files: paragraphs of fields, separated by empty lines (Debian Policy 5.1, deb822(5)).
/// </summary>
/// <remarks>
/// <para>Files that dpkg reads are read. Lines of white space count as empty, lines that begin with <c>#</c> are comments
/// everywhere, lines may end in CR LF, and white space may stand before the colon of a field. Text is UTF-8; a line that is not
/// is read as Windows-1252, which is Latin-1 with characters where that has none, so that a file may have both. The text of a value is for
/// people and for comparisons: what is handed on is the file, whose bytes stay as they are. A field named twice, a continuation without
/// a field, a line that is not a field and a NUL are mistakes.</para>
/// <para>An inline OpenPGP signature (RFC 9580, section 7) is removed, <b>not verified</b>: whoever trusts the content
/// because of it must have verified it before. Text before the signed part is a mistake, text after it is passed over; a second
/// signed message is a mistake.</para>
/// <para>Safe to call from any thread.</para>
/// </remarks>
public static class ControlReader
{
    /// <summary>Reads a control file that is in memory.</summary>
    /// <param name="file">What to call the file in messages.</param>
    /// <param name="content">The whole file.</param>
    /// <returns>The paragraphs in their order; none for an empty file.</returns>
    /// <exception cref="ControlFileException">It is malformed, or exceeds one of <see cref="ControlLimits"/>.</exception>
    public static IReadOnlyList<Paragraph> Read(string file, ReadOnlyMemory<byte> content)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Read(file, content, onlyFirst: false);
    }

    /// <summary>Reads a control file from the disk. Of a file that is too large no more than the limit is read.</summary>
    /// <exception cref="ControlFileException">It is malformed, or exceeds one of <see cref="ControlLimits"/>.</exception>
    /// <exception cref="IOException">The file can't be opened or read.</exception>
    public static async Task<IReadOnlyList<Paragraph>> ReadFileAsync(string path, CancellationToken cancellationToken = default) =>
        Read(path, await LoadAsync(path, cancellationToken).ConfigureAwait(false));

    /// <summary>
    /// Reads the first paragraph of a file that dpkg reads no further, a <c>.dsc</c>: what stands behind an empty line is passed over,
    /// such as the footer that mail leaves. In a signed message there can't be more than one.
    /// </summary>
    internal static Paragraph ReadFirst(string file, ReadOnlyMemory<byte> content) => Single(file, Read(file, content, onlyFirst: true));

    /// <summary>Reads a file for <see cref="ReadFirst"/>. Of one that is too large no more than the limit is read.</summary>
    internal static async Task<ReadOnlyMemory<byte>> LoadAsync(string path, CancellationToken cancellationToken)
    {
        var stream = UnixFile.OpenNamed(path);
        await using (stream.ConfigureAwait(false))
        {
            if (stream.Length > ControlLimits.MaxFileBytes)
                throw TooLarge(path);
            var content = new byte[stream.Length];
            // Of a file that grows meanwhile the first part is read, of one that shrinks what is left.
            var read = await stream.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false, cancellationToken)
                .ConfigureAwait(false);
            return content.AsMemory(0, read);
        }
    }

    /// <summary>Returns the paragraph of a file that must have one and no more, such as a <c>.changes</c>.</summary>
    internal static Paragraph Single(string file, IReadOnlyList<Paragraph> paragraphs) => paragraphs.Count switch
    {
        1 => paragraphs[0],
        0 => throw new ControlFileException(file, null, "has no field in it"),
        _ => throw new ControlFileException(file, paragraphs[1].Line, "a second paragraph begins, and only one is expected"),
    };

    private static IReadOnlyList<Paragraph> Read(string file, ReadOnlyMemory<byte> content, bool onlyFirst)
    {
        if (content.Length > ControlLimits.MaxFileBytes)
            throw TooLarge(file);
        var signature = new ClearSignature(file);
        var parser = new ControlParser(file);
        foreach (var line in signature.TakeOff(ControlText.Lines(file, content)))
        {
            if (onlyFirst && parser.HasParagraph && !signature.IsSigned)
                break;
            parser.Add(line);
        }

        return parser.Complete();
    }

    private static ControlFileException TooLarge(string file) =>
        new(file, null, $"is larger than {ControlLimits.MaxFileBytes} bytes");
}

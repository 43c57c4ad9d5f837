using System.Globalization;
using System.Text.RegularExpressions;
using Buildd.Debian.Apt;

namespace Buildd.IntegrationTests.Debian;

/// <summary>Where our reader of lines of a sources.list and apt differ, and why they are to; and what ours makes of an input.</summary>
internal static partial class ArchiveLineComparison
{
    internal static readonly Disagreement[] Lines =
    [
        new(
            "escapes in an address stay: in a stanza apt leaves them to the server, which they were written for",
            input => !input.Ours.IsRefused && !input.Theirs.IsRefused
                && Unescaped(input.Ours.Form!) == Unescaped(input.Theirs.Form!)),
        new(
            "a line with an option that is not known is left out, and the log says so; apt passes over the option",
            input => input.Ours.Form == UnknownOption),
        new(
            "the names of options are read in any case; apt passes over those that are not in small letters",
            input => !input.Ours.IsRefused && input.Text.Any(char.IsAsciiLetterUpper)),
        new(
            "a stanza can't say it: an empty name, or white space in one",
            input => input.WeRefuse("there is white space in the name", ", is empty", "an escape stands for a character")),
        new(
            "apt leaves out what stands behind a mark without an end, and says nothing",
            input => input.WeRefuse("a square bracket has no end")),
        new(
            "the name of an option may be logged, so it must not be a piece of an address with a password",
            input => input.WeRefuse("an option is not NAME=VALUE")),
        new("no method of apt has such a name", input => input.WeRefuse("there is no URI in it")),
        new("an archive is one line without control characters", input => input.WeRefuse("there is a control character in it")),
    ];

    private const string UnknownOption = "an option that is not known";

    /// <summary>What ours makes of lines: what apt reads in their stanzas.</summary>
    internal static async Task<IReadOnlyList<Reading>> ReadAsync(IReadOnlyList<string> inputs, CancellationToken cancellationToken)
    {
        var stanzas = inputs.Select(Stanza).ToList();
        var read = await AptReader.ReadAsync(
            [.. stanzas.Select(stanza => stanza.Form is null or UnknownOption ? "" : stanza.Form)], "sources", cancellationToken);
        return [.. stanzas.Zip(read, (stanza, targets) => stanza.Form is null or UnknownOption ? stanza : targets)];
    }

    private static string Unescaped(string text) => Escape().Replace(
        text, match => $"{(char)byte.Parse(match.ValueSpan[1..], NumberStyles.HexNumber, CultureInfo.InvariantCulture)}");

    [GeneratedRegex("%[0-9A-Fa-f]{2}")]
    private static partial Regex Escape();

    /// <summary>The stanza, which apt reads in its turn; nothing of a line that is passed over.</summary>
    private static Reading Stanza(string text) => Reading.Of(() =>
    {
        if (ArchiveLine.IsBlank(text))
            return "";
        var line = ArchiveLine.Parse(text);
        return line.UnknownOptions.Any() ? UnknownOption : line.ToStanza();
    });
}

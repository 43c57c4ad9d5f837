using System.Globalization;
using System.Text;
using Buildd.Debian.ControlFiles;
using Buildd.Debian.Packages;

namespace Buildd.IntegrationTests.Debian;

/// <summary>Where our readers of control files and dpkg's differ, and why they are to; and what ours make of an input.</summary>
internal static class ControlComparison
{
    /// <summary>Differences of all kinds of control files.</summary>
    private static readonly Disagreement[] Common =
    [
        new(
            "a field has a colon (deb822(5)): dpkg's Perl reads a word without one as a field without a value, its C code and apt do not",
            input => input.WeRefuse("is neither a field nor the continuation of one")),
        new(
            "Policy 5.1: the name of a field is printable ASCII; other bytes would be shown to people and make two fields look like one",
            input => input.WeRefuse("can't be the name of a field")),
        new(
            "dpkg's Perl code loses a field whose name ends in a hyphen",
            input => !input.Ours.IsRefused && !input.Theirs.IsRefused && input.Ours.Form!.Contains("-=", StringComparison.Ordinal)),
        new("a NUL ends a text for half of the programs that read it", input => input.WeRefuse("has a NUL in it")),
    ];

    /// <summary>Differences of files that are one paragraph with a list of files.</summary>
    private static readonly Disagreement[] Single =
    [
        new(
            "which of two signed messages counts depends on the reader",
            input => input.WeRefuse("a second signed message begins after the signature")),
        new(
            "Policy 5.4 and 5.5: the field is mandatory, and what it says is needed to build or publish",
            input => input.WeRefuse("there is no field ", " is empty")),
        new(
            "readers that look at different lists would see different files",
            input => input.WeRefuse(
                "which is not in Files", "does not name", "a second time", "says that", "Files has the name", "files has the name")),
        new(
            "Policy 5.6.1: a source package's name becomes that of files and folders",
            input => input.WeRefuse("is no name of a source package")),
        new("what a field says in one line is not looked for in several", input => input.WeRefuse("goes over more than one line")),
    ];

    internal static readonly Disagreement[] Stanzas = [.. Common];

    internal static readonly Disagreement[] Changes =
    [
        .. Common,
        .. Single,
        new(
            "one paragraph is what a .changes has; whoever adds text behind it means something by it, and no tool of Debian does",
            input => input.WeRefuse("a second paragraph begins", "there is no field before it")),
        new(
            "dpkg reads of a .changes the lists of checksums only, and takes its version and its field Files for text",
            input => input.WeRefuse("is no version", "no sum of", "no size in bytes", " parts, not ", "neither NAME nor NAME (VERSION)")),
        new(
            "names with other characters are refused when the upload is checked, with all else that is wrong",
            input => input.TheyRefuse("checksums string")),
    ];

    internal static readonly Disagreement[] Dsc =
    [
        .. Common,
        .. Single,
        new(
            "which formats there are is known to the dpkg-source that unpacks, in the chroot's release",
            input => input.TheyRefuse("is not supported")),
    ];

    internal static Reading ReadStanzas(string text) => Reading.Of(() =>
        string.Join("\n\n\n", ControlReader.Read("x", Encoding.Latin1.GetBytes(text)).Select(Fields)));

    internal static Reading ReadChanges(string text) => Reading.Of(() =>
        Fields(Buildd.Debian.Packages.Changes.Read("x.changes", Encoding.Latin1.GetBytes(text)).Paragraph));

    internal static Reading ReadDsc(string text) => Reading.Of(() =>
    {
        var dsc = SourceControl.Read("x.dsc", Encoding.Latin1.GetBytes(text));
        return Fields(dsc.Paragraph) + "\n\n" + string.Join('\n', dsc.Files.Select(
            file => string.Create(CultureInfo.InvariantCulture, $"{file.Name} {file.Size} {file.Md5}")));
    });

    /// <summary>Of a line of dots dpkg drops the first.</summary>
    private static string Fields(Paragraph paragraph) => string.Join("\n\n", paragraph.Fields
        .Select(field => (Name: field.Name.ToLowerInvariant(), field.Value))
        .OrderBy(field => field.Name, StringComparer.Ordinal)
        .Select(field => $"{field.Name}={string.Join('\n', field.Value.Split('\n').Select(
            (line, index) => index > 0 && line.Length > 0 && line.All(c => c == '.') ? line[1..] : line))}"));
}

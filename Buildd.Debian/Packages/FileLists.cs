using System.Globalization;
using Buildd.Debian.ControlFiles;
using Buildd.Linux.Files;

namespace Buildd.Debian.Packages;

/// <summary>
/// Reads the lists of files and puts them together by name. Line by line (Policy 5.6.21, 5.6.24):
/// <code>
/// Files, .dsc       MD5 SIZE NAME
/// Files, .changes   MD5 SIZE SECTION PRIORITY NAME
/// Checksums-Sha1    SHA1 SIZE NAME
/// Checksums-Sha256  SHA256 SIZE NAME
/// </code>
/// A Checksums list that is there names the same files with the same sizes as Files; anything else is a mistake, since
/// readers that look at different lists would see different uploads.
/// </summary>
internal static class FileLists
{
    private const int Md5Digits = 32;
    private const int Sha1Digits = 40;
    private const int Sha256Digits = 64;

    public static IReadOnlyList<ListedFile> Read(ControlFields fields, bool withSections)
    {
        var files = fields.Require("Files");
        var listed = new OrderedDictionary<string, ListedFile>(StringComparer.Ordinal);
        ReadEntries(fields, files, withSections ? 5 : 3, (words, name, line) =>
        {
            if (!withSections && FindMistake(name) is { } mistake)
                throw fields.Mistake(line, $"Files has the name {FileName.Display(name)}: {mistake}");
            var file = new ListedFile
            {
                Name = name,
                Size = Size(fields, line, words[1]),
                Md5 = Sum(fields, line, words[0], Md5Digits),
                Section = withSections ? words[2] : null,
                Priority = withSections ? words[3] : null,
            };
            if (!listed.TryAdd(name, file))
                throw fields.Mistake(line, $"Files names {FileName.Display(name)} a second time");
        });

        Merge(fields, listed, "Checksums-Sha1", Sha1Digits, file => file.Sha1, (file, sum) => file with { Sha1 = sum });
        Merge(fields, listed, "Checksums-Sha256", Sha256Digits, file => file.Sha256, (file, sum) => file with { Sha256 = sum });
        return [.. listed.Values];
    }

    private static void Merge(
        ControlFields fields,
        OrderedDictionary<string, ListedFile> listed,
        string list,
        int digits,
        Func<ListedFile, string?> present,
        Func<ListedFile, string, ListedFile> with)
    {
        if (fields.Find(list) is not { } field)
            return;
        ReadEntries(fields, field, 3, (words, name, line) =>
        {
            if (!listed.TryGetValue(name, out var file))
                throw fields.Mistake(line, $"{list} names {FileName.Display(name)}, which is not in Files");
            if (present(file) is not null)
                throw fields.Mistake(line, $"{list} names {FileName.Display(name)} a second time");
            var size = Size(fields, line, words[1]);
            if (size != file.Size)
            {
                throw fields.Mistake(line, string.Create(CultureInfo.InvariantCulture,
                    $"{list} says that {FileName.Display(name)} has {size} bytes, and Files says {file.Size}"));
            }

            listed[name] = with(file, Sum(fields, line, words[0], digits));
        });

        foreach (var missing in listed.Values.Where(file => present(file) is null))
            fields.Try(() => throw fields.Mistake(field.Line, $"{list} does not name {FileName.Display(missing.Name)}, which is in Files"));
    }

    private static void ReadEntries(ControlFields fields, ControlField field, int columns, Action<string[], string, int> read)
    {
        if (field.Lines.Count > ControlLimits.MaxListedFiles + 1)
            throw fields.Mistake(field.Line, $"{field.Name} has more than {ControlLimits.MaxListedFiles} lines");
        foreach (var (number, text) in field.Lines)
        {
            fields.Try(() =>
            {
                var words = ControlFields.Words(text);
                if (words.Length == 0 && number == field.Line)
                    return; // the list begins on the line after its name
                if (words.Length != columns)
                    throw fields.Mistake(number, $"a line of {field.Name} has {columns} parts, not {words.Length}");
                var name = words[^1];
                if (FileName.FindMistake(name) is { } mistake)
                    throw fields.Mistake(number, $"{field.Name} has the name {FileName.Display(name)}: {mistake}");
                read(words, name, number);
            });
        }
    }

    /// <summary>
    /// What dpkg-source has against a name in a <c>.dsc</c>, or null. Names in a <c>.changes</c> are compared with what an archive
    /// takes, which is less.
    /// </summary>
    private static string? FindMistake(string name) =>
        name.Length < 2 ? "it is shorter than two characters"
            : !char.IsAsciiLetterOrDigit(name[0]) ? "it begins with neither a letter nor a digit"
            : name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '+' or ':' or '.' or ',' or '=' or '_' or '~') ? null
            : "it has other characters than letters, digits and -+:.,=_~";

    private static long Size(ControlFields fields, int line, string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            ? size
            : throw fields.Mistake(line, $"{FileName.Display(text)} is no size in bytes");

    private static string Sum(ControlFields fields, int line, string text, int digits) =>
        text.Length == digits && text.All(char.IsAsciiHexDigit)
            ? text.ToLowerInvariant()
            : throw fields.Mistake(line, $"{FileName.Display(text)} is no sum of {digits} hexadecimal digits");
}

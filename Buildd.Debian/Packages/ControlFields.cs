using Buildd.Debian.ControlFiles;
using Buildd.Linux.Files;

namespace Buildd.Debian.Packages;

/// <summary>Typed access to the fields of one paragraph, whose mistakes carry the file and the line.</summary>
/// <param name="file">The file.</param>
/// <param name="paragraph">The paragraph.</param>
/// <param name="mistakes">Where mistakes go that don't keep the rest from being read; null throws the first.</param>
internal sealed class ControlFields(string file, Paragraph paragraph, ICollection<ControlFileException>? mistakes = null)
{
    /// <summary>Does something for one field or one line, whose mistake is thrown or collected.</summary>
    public void Try(Action read)
    {
        try
        {
            read();
        }
        catch (ControlFileException mistake) when (mistakes is not null)
        {
            mistakes.Add(mistake);
        }
    }

    public ControlField? Find(string name) => paragraph.TryGet(name, out var field) ? field : null;

    public ControlField Require(string name) =>
        Find(name) ?? throw Mistake(paragraph.Line, $"there is no field {name}");

    /// <summary>The value of a field that must be there, in one line, and not empty.</summary>
    public string Text(string name)
    {
        var field = Require(name);
        if (field.Lines.Count > 1)
            throw Mistake(field.Line, $"{name} goes over more than one line");
        return field.Lines[0].Text is { Length: > 0 } text ? text : throw Mistake(field.Line, $"{name} is empty");
    }

    /// <summary>The words of a field, over all its lines; none when the field isn't there.</summary>
    public IReadOnlyList<string> OptionalWords(string name) =>
        Find(name) is { } field ? [.. field.Lines.SelectMany(line => Words(line.Text))] : [];

    /// <summary>The words of a field that must be there and have one.</summary>
    public IReadOnlyList<string> RequiredWords(string name)
    {
        var field = Require(name);
        return OptionalWords(name) is { Count: > 0 } words ? words : throw Mistake(field.Line, $"{name} is empty");
    }

    /// <summary>A version: something of Policy's character set (5.6.12). Its parts are looked at by who compares them.</summary>
    public string Version(string field, string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '+' or '-' or '~' or ':')
            ? text
            : throw Mistake(Require(field).Line, $"{FileName.Display(text)} is no version");

    /// <summary>A source package's name, as Policy 5.6.1 allows it: at least two of <c>a-z 0-9 + - .</c></summary>
    public string PackageName(string field, string text) =>
        text.Length >= 2 && char.IsAsciiLetterOrDigit(text[0])
        && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '+' or '-' or '.')
            ? text
            : throw Mistake(Require(field).Line, $"{FileName.Display(text)} is no name of a source package");

    public ControlFileException Mistake(int line, string mistake) => new(file, line, mistake);

    public static string[] Words(string text) =>
        text.Split(ControlText.Blanks, StringSplitOptions.RemoveEmptyEntries);
}

using Buildd.Linux.Files;
namespace Buildd.Debian.ControlFiles;

/// <summary>Puts lines together to fields and fields to paragraphs. One parser reads one file.</summary>
internal sealed class ControlParser(string file)
{
    private readonly List<Paragraph> _paragraphs = [];
    private readonly List<ControlField> _fields = [];
    private readonly HashSet<string> _names = new(StringComparer.OrdinalIgnoreCase);
    private List<ControlLine>? _value; // of the last field; shared with it, so that it grows while it is read

    /// <summary>Whether a paragraph has ended.</summary>
    public bool HasParagraph => _paragraphs.Count > 0;

    public void Add(ControlLine line)
    {
        var text = line.Text.TrimEnd(ControlText.Blanks);
        if (text.Length == 0)
            EndParagraph();
        else if (ControlText.IsBlank(text[0]))
            Continue(line.Number, text);
        else if (text[0] is not '#')
            Begin(line.Number, text);
    }

    public IReadOnlyList<Paragraph> Complete()
    {
        EndParagraph();
        return _paragraphs;
    }

    private void Begin(int number, string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
            throw Mistake(number, $"{FileName.Display(text)} is neither a field nor the continuation of one");
        var name = text[..colon].TrimEnd(ControlText.Blanks);
        CheckName(number, name);
        if (!_names.Add(name))
            throw Mistake(number, $"the field {name} is there a second time");
        if (_fields.Count == ControlLimits.MaxFieldsPerParagraph)
            throw Mistake(number, $"the paragraph has more than {ControlLimits.MaxFieldsPerParagraph} fields");
        _value = [new ControlLine(number, text[(colon + 1)..].TrimStart(ControlText.Blanks))];
        _fields.Add(new ControlField(name, _value));
    }

    private void Continue(int number, string text)
    {
        if (_value is null)
            throw Mistake(number, "is a continuation, and there is no field before it");
        _value.Add(new ControlLine(number, text[1..]));
    }

    private void EndParagraph()
    {
        if (_fields.Count == 0)
            return;
        if (_paragraphs.Count == ControlLimits.MaxParagraphs)
            throw Mistake(_fields[0].Line, $"there are more than {ControlLimits.MaxParagraphs} paragraphs");
        _paragraphs.Add(new Paragraph([.. _fields]));
        _fields.Clear();
        _names.Clear();
        _value = null;
    }

    /// <summary>Policy 5.1: printable ASCII except blank and colon, and no <c>#</c> or <c>-</c> at the front.</summary>
    private void CheckName(int number, string name)
    {
        if (name.Length == 0)
            throw Mistake(number, "the field has no name");
        if (name.Length > ControlLimits.MaxFieldNameLength)
            throw Mistake(number, $"the field's name is longer than {ControlLimits.MaxFieldNameLength} characters");
        if (name[0] is '-' || name.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw Mistake(number, $"{FileName.Display(name)} can't be the name of a field");
    }

    private ControlFileException Mistake(int number, string mistake) => new(file, number, mistake);
}

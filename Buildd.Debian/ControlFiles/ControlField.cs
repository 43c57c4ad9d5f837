namespace Buildd.Debian.ControlFiles;

/// <summary>One line of a field's value, and where it stood.</summary>
internal readonly record struct ControlLine(int Number, string Text);

/// <summary>One field of a paragraph. Immutable.</summary>
public sealed class ControlField
{
    internal ControlField(string name, IReadOnlyList<ControlLine> lines)
    {
        Name = name;
        Lines = lines;
    }

    /// <summary>The name as the file spells it; names are compared without regard to case.</summary>
    public string Name { get; }

    /// <summary>The line of the file in which the field begins, counted from 1.</summary>
    public int Line => Lines[0].Number;

    /// <summary>
    /// The value: its lines joined by a line feed, each without blanks at its end and without what marked it as a
    /// continuation (the first blank or tab). The part after the colon is the first line and may be empty. That a lone
    /// dot stands for an empty line in descriptions is a matter of those fields, and not undone.
    /// </summary>
    public string Value => string.Join('\n', Lines.Select(line => line.Text));

    internal IReadOnlyList<ControlLine> Lines { get; }
}

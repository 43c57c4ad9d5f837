using System.Diagnostics.CodeAnalysis;

namespace Buildd.Debian.ControlFiles;

/// <summary>A paragraph of a control file: its fields, in the order of the file. Immutable.</summary>
public sealed class Paragraph
{
    private readonly Dictionary<string, ControlField> _byName;

    internal Paragraph(IReadOnlyList<ControlField> fields)
    {
        Fields = fields;
        _byName = fields.ToDictionary(field => field.Name, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The fields in the order of the file; there is at least one.</summary>
    public IReadOnlyList<ControlField> Fields { get; }

    /// <summary>The line of the file in which the paragraph begins, counted from 1.</summary>
    public int Line => Fields[0].Line;

    /// <summary>The value of a field (<see cref="ControlField.Value"/>), or null when the paragraph has none of that name.</summary>
    /// <param name="name">The field's name, in any case.</param>
    public string? this[string name] => TryGet(name, out var field) ? field.Value : null;

    /// <summary>Looks a field up by name, in any case.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out ControlField? field) => _byName.TryGetValue(name, out field);
}

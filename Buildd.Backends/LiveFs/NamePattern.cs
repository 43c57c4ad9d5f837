using System.Diagnostics.CodeAnalysis;

namespace Buildd.Backends.LiveFs;

/// <summary>Names of environment variables: one, or with <c>*</c> at its end all that begin so.</summary>
public sealed class NamePattern
{
    /// <summary>How one is written, for messages.</summary>
    public const string Form = "a name of letters, digits and underscores, or the beginning of one and '*'";

    private readonly string _name;
    private readonly bool _isBeginning;

    private NamePattern(string name, bool isBeginning) => (_name, _isBeginning) = (name, isBeginning);

    /// <summary>Every name.</summary>
    internal static NamePattern Any { get; } = new("", isBeginning: true);

    /// <summary>Reads one.</summary>
    /// <param name="text">As in <see cref="Form"/>.</param>
    /// <param name="pattern">What it means.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out NamePattern? pattern)
    {
        ArgumentNullException.ThrowIfNull(text);
        var isBeginning = text.EndsWith('*');
        var name = isBeginning ? text[..^1] : text;
        pattern = name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')
            && (isBeginning || name.Length > 0) ? new NamePattern(name, isBeginning) : null;
        return pattern is not null;
    }

    /// <summary>Whether a name is one that is meant.</summary>
    internal bool Matches(string name) =>
        _isBeginning ? name.StartsWith(_name, StringComparison.Ordinal) : string.Equals(name, _name, StringComparison.Ordinal);
}

namespace Buildd.Debian.Relations;

/// <summary>A relation: alternatives of which one is enough. Immutable.</summary>
/// <param name="Alternatives">The alternatives, in their order; there is at least one.</param>
public sealed record RelationGroup(IReadOnlyList<Relation> Alternatives)
{
    /// <summary>Reads a field such as <c>Build-Depends</c>.</summary>
    /// <param name="text">The field's value; line ends count as blanks. Empty places between commas are passed over, as dpkg does.</param>
    /// <exception cref="RelationException">It is malformed, or exceeds one of <see cref="RelationLimits"/>.</exception>
    public static IReadOnlyList<RelationGroup> ParseList(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new RelationParser(text).Parse();
    }

    /// <summary>The alternatives as <see cref="Relation.ToString"/> shows them, with <c> | </c> between.</summary>
    public override string ToString() => string.Join(" | ", Alternatives);
}

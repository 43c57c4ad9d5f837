using Buildd.Debian.Architectures;

namespace Buildd.Debian.Relations;

/// <summary>An architecture or a build profile behind a package's name; with an exclamation mark it means all others.</summary>
/// <param name="Name">The name: of architectures also a wildcard such as <c>linux-any</c>.</param>
/// <param name="IsNegated">Whether there is an exclamation mark.</param>
public readonly record struct RelationTerm(string Name, bool IsNegated);

/// <summary>
/// One alternative of a relation: <c>NAME[:QUALIFIER] [(OPERATOR VERSION)] [[ARCHITECTURES]] [&lt;PROFILES&gt;…]</c> (Policy
/// 7.1, deb-src-control(5)). Immutable.
/// </summary>
public sealed class Relation
{
    /// <summary>The package, or what a package provides.</summary>
    public required string Name { get; init; }

    /// <summary>What follows the colon: <c>any</c>, <c>native</c> or an architecture; null where there is none.</summary>
    public string? Qualifier { get; init; }

    /// <summary>The versions that are meant; null means all.</summary>
    public VersionRestriction? Version { get; init; }

    /// <summary>The architectures it is for; none means all.</summary>
    public IReadOnlyList<RelationTerm> Architectures { get; init; } = [];

    /// <summary>
    /// The build profiles it is for: one of the lists has to fit, and a list fits when all in it do. No list means always.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<RelationTerm>> Profiles { get; init; } = [];

    /// <summary>Whether it counts at all in a build for an architecture, without any build profile or with some.</summary>
    public bool AppliesTo(string architecture, ArchitectureTable table, params IReadOnlyCollection<string> profiles)
    {
        ArgumentNullException.ThrowIfNull(table);
        return IsFor(architecture, table)
            && (Profiles.Count == 0 || Profiles.Any(list => list.All(term => profiles.Contains(term.Name) != term.IsNegated)));
    }

    /// <summary>The name and the versions, without qualifier, architectures and profiles: what has to be there.</summary>
    public override string ToString() => Version is null ? Name : $"{Name} ({Version})";

    /// <summary>
    /// As dpkg reads it: the first that fits decides, and where none does a list with exclamation marks means all others.
    /// </summary>
    private bool IsFor(string architecture, ArchitectureTable table)
    {
        var otherwise = Architectures.Count == 0;
        foreach (var term in Architectures)
        {
            if (table.Matches(architecture, term.Name))
                return !term.IsNegated;
            otherwise |= term.IsNegated;
        }

        return otherwise;
    }
}

using Buildd.Debian.Versions;

namespace Buildd.Debian.Relations;

/// <summary>
/// Tells which of some relations the packages of an archive satisfy, while the archive's indexes are read past it: what it
/// holds grows with the relations, never with the archive. For one thread at a time.
/// </summary>
/// <remarks>Qualifiers, architectures and profiles are not looked at: whoever asks has dropped what does not apply.</remarks>
public sealed class RelationMatcher
{
    private readonly Dictionary<string, List<Wanted>> _wanted = new(StringComparer.Ordinal);

    /// <summary>Makes one for all alternatives of some relations.</summary>
    public RelationMatcher(IEnumerable<RelationGroup> groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        foreach (var relation in groups.SelectMany(group => group.Alternatives))
        {
            if (!_wanted.TryGetValue(relation.Name, out var wanted))
                _wanted.Add(relation.Name, wanted = []);
            if (wanted.All(other => !Equals(other.Version, relation.Version)))
                wanted.Add(new Wanted(relation.Version));
        }
    }

    /// <summary>Whether a relation names this package; of others nothing needs to be told.</summary>
    public bool Wants(ReadOnlySpan<char> name) => _wanted.GetAlternateLookup<ReadOnlySpan<char>>().ContainsKey(name);

    /// <summary>There is a package.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="version">Its version; null when it has none that could be read: only relations without a version want that.</param>
    public void AddPackage(ReadOnlySpan<char> name, DebianVersion? version)
    {
        if (!_wanted.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var wanted))
            return;
        foreach (var one in wanted)
            one.IsSatisfied |= one.Version is null || (version is not null && one.Version.IsSatisfiedBy(version));
    }

    /// <summary>
    /// A package provides something: with a version, written with <c>=</c>, it satisfies relations like a package of that
    /// version; without, relations without one.
    /// </summary>
    public void AddProvided(Relation provided)
    {
        ArgumentNullException.ThrowIfNull(provided);
        if (provided.Version is null or { Operator: VersionOperator.Equal })
            AddPackage(provided.Name, provided.Version?.Version);
    }

    /// <summary>Whether what was told so far satisfies a relation that this was made for.</summary>
    public bool IsSatisfied(Relation relation)
    {
        ArgumentNullException.ThrowIfNull(relation);
        return _wanted[relation.Name].Single(wanted => Equals(wanted.Version, relation.Version)).IsSatisfied;
    }

    /// <summary>Whether one of the alternatives is satisfied.</summary>
    public bool IsSatisfied(RelationGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        return group.Alternatives.Any(IsSatisfied);
    }

    private sealed class Wanted(VersionRestriction? version)
    {
        public VersionRestriction? Version { get; } = version;

        public bool IsSatisfied { get; set; }
    }
}

using Buildd.Farm.Store;
using static Buildd.Farm.Store.ColumnKind;

namespace Buildd.Farm.People;

/// <summary>That a person or a team is in a team, or has been.</summary>
internal sealed record Membership
{
    /// <summary>The team's number.</summary>
    public required long Team { get; init; }

    /// <summary>The number of the person or team in it.</summary>
    public required long Member { get; init; }

    /// <summary>What they are in it.</summary>
    public required MembershipState State { get; init; }

    /// <summary>The time at which they first joined.</summary>
    public required DateTimeOffset Joined { get; init; }

    /// <summary>The time from which on they are in it no more, unless it is renewed; null when there is none.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>The time of the last change.</summary>
    public required DateTimeOffset Changed { get; init; }

    /// <summary>The name of whoever made it.</summary>
    public required string ChangedBy { get; init; }

    /// <summary>Whether it counts at a time.</summary>
    internal bool IsActiveAt(DateTimeOffset time) => State != MembershipState.Deactivated && !(Expires <= time);
}

/// <summary>What somebody is in a team, with numbers of our own.</summary>
internal enum MembershipState
{
    /// <summary>A member.</summary>
    Approved = 1,

    /// <summary>A member who changes what is said of the team and who is in it.</summary>
    Administrator = 2,

    /// <summary>No member any more.</summary>
    Deactivated = 3,
}

/// <summary>The columns of the table <c>membership</c>.</summary>
internal static class MembershipColumns
{
    /// <summary>All that a <see cref="Membership"/> has. JSON has their order, which has no meaning in the store.</summary>
    internal static IReadOnlyList<Column<Membership>> All { get; } =
    [
        new Column<Membership, long>(nameof(Membership.Team), Long, changes: false),
        new Column<Membership, long>(nameof(Membership.Member), Long, changes: false),
        new Column<Membership, MembershipState>(
            nameof(Membership.State), Named<MembershipState>(state => state.ToString().ToUpperInvariant()), changes: true),
        new Column<Membership, DateTimeOffset>(nameof(Membership.Joined), Time, changes: false),
        new Column<Membership, DateTimeOffset?>(nameof(Membership.Expires), OptionalTime, changes: true),
        new Column<Membership, DateTimeOffset>(nameof(Membership.Changed), Time, changes: true),
        new Column<Membership, string>(nameof(Membership.ChangedBy), Text, changes: true),
    ];
}

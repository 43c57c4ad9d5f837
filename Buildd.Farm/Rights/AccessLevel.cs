namespace Buildd.Farm.Rights;

/// <summary>How much of what a person may do is open to a token. The names on the wire are Launchpad's.</summary>
internal enum AccessLevel
{
    /// <summary>Reads what everybody may read: <c>READ_PUBLIC</c>.</summary>
    ReadPublic = 1,

    /// <summary>Reads what the person may read: <c>READ_PRIVATE</c>.</summary>
    ReadPrivate = 2,

    /// <summary>Changes what everybody may read: <c>WRITE_PUBLIC</c>.</summary>
    WritePublic = 3,

    /// <summary>Everything that the person may do: <c>WRITE_PRIVATE</c>.</summary>
    WritePrivate = 4,
}

/// <summary>The names of levels.</summary>
internal static class AccessLevelNames
{
    private static readonly (AccessLevel Level, string Name)[] Table =
    [
        (AccessLevel.ReadPublic, "READ_PUBLIC"),
        (AccessLevel.ReadPrivate, "READ_PRIVATE"),
        (AccessLevel.WritePublic, "WRITE_PUBLIC"),
        (AccessLevel.WritePrivate, "WRITE_PRIVATE"),
    ];

    /// <summary>All names, from the least to the most.</summary>
    internal static IReadOnlyList<string> All { get; } = [.. Table.Select(row => row.Name)];

    /// <summary>The name on the wire.</summary>
    internal static string ToName(this AccessLevel level) => Array.Find(Table, row => row.Level == level).Name
        ?? throw new ArgumentOutOfRangeException(nameof(level), level, "There is no such level.");

    /// <summary>The level of a name; null when there is none such.</summary>
    internal static AccessLevel? Parse(string name) =>
        Array.Find(Table, row => row.Name == name) is { Name: not null } found ? found.Level : null;
}

using Buildd.Farm.Store;

namespace Buildd.Farm.Archives;

/// <summary>A part of a series in an archive. With the series it makes a suite.</summary>
internal enum Pocket
{
    /// <summary>The series as it was released, or as it is being developed.</summary>
    Release,

    /// <summary>Corrections of what is dangerous.</summary>
    Security,

    /// <summary>Other corrections.</summary>
    Updates,

    /// <summary>What is being tried before it goes elsewhere.</summary>
    Proposed,

    /// <summary>Newer versions for those who ask for them.</summary>
    Backports,
}

/// <summary>The names of pockets, and what is known of each.</summary>
internal static class PocketNames
{
    /// <summary>The names, in capitals.</summary>
    internal static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<Pocket>().Select(ToName)];

    /// <summary>Stored and shown by its name.</summary>
    internal static ColumnKind<Pocket> Kind { get; } = new(
        ColumnType.Text,
        false,
        pocket => pocket.ToName(),
        (row, i) => Parse(row.GetString(i)) ?? throw new StoreException($"There is no pocket called {row.GetString(i)}."),
        (json, pocket) => json.WriteStringValue(pocket.ToName()));

    /// <summary>The name, such as <c>RELEASE</c>.</summary>
    internal static string ToName(this Pocket pocket) => pocket.ToString().ToUpperInvariant();

    /// <summary>The pocket of a name, in whatever letters; null when there is none such.</summary>
    internal static Pocket? Parse(string name)
    {
        foreach (var pocket in Enum.GetValues<Pocket>())
        {
            if (string.Equals(pocket.ToName(), name, StringComparison.OrdinalIgnoreCase))
                return pocket;
        }

        return null;
    }

    /// <summary>Returns what apt calls the pocket of a series: <c>bookworm</c>, <c>bookworm-security</c>.</summary>
    internal static string SuiteOf(this Pocket pocket, string series) =>
        pocket == Pocket.Release ? series : $"{series}-{pocket.ToString().ToLowerInvariant()}";

    /// <summary>The pockets from which a build in a pocket installs, in the order of apt lines.</summary>
    internal static IReadOnlyList<Pocket> Included(this Pocket pocket) => pocket switch
    {
        Pocket.Release => [Pocket.Release],
        Pocket.Security => [Pocket.Release, Pocket.Security],
        Pocket.Updates => [Pocket.Release, Pocket.Security, Pocket.Updates],
        Pocket.Proposed => [Pocket.Release, Pocket.Security, Pocket.Updates, Pocket.Proposed],
        Pocket.Backports => [Pocket.Release, Pocket.Security, Pocket.Updates, Pocket.Backports],
        _ => throw new ArgumentOutOfRangeException(nameof(pocket), pocket, "There is no such pocket."),
    };
}

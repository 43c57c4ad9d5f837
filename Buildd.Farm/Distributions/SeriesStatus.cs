namespace Buildd.Farm.Distributions;

/// <summary>How far a series is. The numbers and the titles are Launchpad's.</summary>
internal enum SeriesStatus
{
    /// <summary>Its developers try things; it may never be released.</summary>
    Experimental = 1,

    /// <summary>It is being developed: what the next stable release will be.</summary>
    Development = 2,

    /// <summary>It is nearly released, and only corrected.</summary>
    Frozen = 3,

    /// <summary>It is released, and the youngest that is.</summary>
    Current = 4,

    /// <summary>It is released, there is a younger one, and it gets updates still.</summary>
    Supported = 5,

    /// <summary>It gets no updates any more.</summary>
    Obsolete = 6,

    /// <summary>It is planned, and not begun.</summary>
    Future = 7,
}

/// <summary>The titles of statuses, which are their names in the API.</summary>
internal static class SeriesStatusTitles
{
    private static readonly (SeriesStatus Status, string Title)[] Table =
    [
        (SeriesStatus.Experimental, "Experimental"),
        (SeriesStatus.Development, "Active Development"),
        (SeriesStatus.Frozen, "Pre-release Freeze"),
        (SeriesStatus.Current, "Current Stable Release"),
        (SeriesStatus.Supported, "Supported"),
        (SeriesStatus.Obsolete, "Obsolete"),
        (SeriesStatus.Future, "Future"),
    ];

    /// <summary>All titles.</summary>
    internal static IReadOnlyList<string> All { get; } = [.. Table.Select(row => row.Title)];

    /// <summary>The title.</summary>
    internal static string ToTitle(this SeriesStatus status) => Array.Find(Table, row => row.Status == status).Title
        ?? throw new ArgumentOutOfRangeException(nameof(status), status, "There is no such status.");

    /// <summary>The status of a title; null when there is none such.</summary>
    internal static SeriesStatus? Parse(string title) =>
        Array.Find(Table, row => row.Title == title) is { Title: not null } found ? found.Status : null;
}

namespace Buildd.Farm.LiveFilesystems;

/// <summary>How people call a live filesystem: <c>~OWNER/DISTRIBUTION/SERIES/NAME</c>.</summary>
/// <param name="Owner">The owner's name.</param>
/// <param name="Distribution">The distribution's name, or an alias.</param>
/// <param name="Series">The series' name, or an alias.</param>
/// <param name="Name">The live filesystem's name.</param>
internal sealed record LiveFsPath(string Owner, string Distribution, string Series, string Name)
{
    /// <summary>Reads one; null when it is none.</summary>
    internal static LiveFsPath? TryParse(string text) => text.Split('/') is [['~', .. var owner], var distribution, var series, var name]
        && owner.Length > 0 && distribution.Length > 0 && series.Length > 0 && name.Length > 0
        ? new LiveFsPath(owner, distribution, series, name)
        : null;

    /// <summary>The path as text.</summary>
    public override string ToString() => $"~{Owner}/{Distribution}/{Series}/{Name}";
}

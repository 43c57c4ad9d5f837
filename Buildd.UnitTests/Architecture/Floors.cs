namespace Buildd.UnitTests.Architecture;

/// <summary>The floors of a project, bottom to top.</summary>
/// <remarks>
/// A part is a folder, a file, or with <c>*</c> the files whose names begin alike; of what is named more closely only that counts.
/// What a project has beside its folders puts it together, and is the top floor, unless it is named on a lower one.
/// </remarks>
internal sealed class Floors(params string[][] floors)
{
    /// <summary>The files beside the folders.</summary>
    internal const string Top = "(top)";

    /// <summary>All parts that are named.</summary>
    internal IEnumerable<string> Parts => floors.SelectMany(parts => parts);

    /// <summary>The part that a file belongs to; where none is named, the folder that it is in.</summary>
    internal string PartOf(string path)
    {
        if (Parts.FirstOrDefault(part => part == path || (part.Contains('*') && Fits(path, part.Split('*')))) is { } named)
            return named;
        for (var folder = Path.GetDirectoryName(path)!; folder.Length > 0; folder = Path.GetDirectoryName(folder)!)
        {
            if (Parts.Contains(folder))
                return folder;
        }

        return path.Split('/') is [var first, _, ..] ? first : Top;
    }

    /// <summary>The number of a part's floor; null where it is on none.</summary>
    internal int? FloorOf(string part)
    {
        var found = part == Top ? floors.Length : Array.FindIndex(floors, parts => parts.Contains(part));
        return found < 0 ? null : found;
    }

    private static bool Fits(string path, string[] ends) =>
        path.StartsWith(ends[0], StringComparison.Ordinal) && path.EndsWith(ends[1], StringComparison.Ordinal);
}

namespace Buildd.Master.Results;

/// <summary>A result that was fetched; its content is what the slave had promised.</summary>
public sealed record FetchedFile
{
    /// <summary>The name, under which it is in <see cref="FetchedResults.Folder"/>.</summary>
    public required string Name { get; init; }

    /// <summary>The size in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>The SHA-1 in lower-case hexadecimal, computed from what came and equal to the file map's.</summary>
    public required string Sha1 { get; init; }

    /// <summary>The SHA-256 in lower-case hexadecimal, computed from what came.</summary>
    public required string Sha256 { get; init; }
}

/// <summary>What a build left behind, now on our disk.</summary>
public sealed record FetchedResults
{
    /// <summary>The leaf: the folder below <c>incoming</c> that holds everything.</summary>
    public required string Leaf { get; init; }

    /// <summary>The folder in the leaf with the results.</summary>
    public required string Folder { get; init; }

    /// <summary>The build's log in the leaf; null when the slave had none.</summary>
    public required string? LogPath { get; init; }

    /// <summary>The files, in the order of the slave's file map, without the log.</summary>
    public required IReadOnlyList<FetchedFile> Files { get; init; }
}

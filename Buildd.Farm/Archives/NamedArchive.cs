namespace Buildd.Farm.Archives;

/// <summary>An archive, with what people call it at this moment.</summary>
/// <param name="Archive">The archive.</param>
/// <param name="Reference">Its reference.</param>
/// <param name="Owner">Its owner's name.</param>
internal sealed record NamedArchive(Archive Archive, ArchiveReference Reference, string Owner)
{
    /// <summary>The reference as text.</summary>
    internal string Name => Reference.ToString();
}

/// <summary>Which archives to list; null does not matter.</summary>
internal sealed record ArchiveFilter
{
    /// <summary>The most archives of one listing.</summary>
    internal const int MaxCount = 1000;

    /// <summary>The number of the owner.</summary>
    internal long? Owner { get; init; }

    /// <summary>The number of the distribution.</summary>
    internal long? Distribution { get; init; }

    /// <summary>The purpose.</summary>
    internal ArchivePurpose? Purpose { get; init; }

    /// <summary>Only archives with a higher number than this one.</summary>
    internal long? After { get; init; }

    /// <summary>How many at most, from 1 to <see cref="MaxCount"/>; 50 by default.</summary>
    internal int Count { get; init => field = Math.Clamp(value, 1, MaxCount); } = 50;
}

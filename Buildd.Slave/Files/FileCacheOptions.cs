namespace Buildd.Slave.Files;

/// <summary>How much the file cache may hold, and for how long.</summary>
public sealed record FileCacheOptions
{
    /// <summary>
    /// The hosts that files may be fetched from, as <see cref="HostPattern"/> spells them; redirects may lead to no others.
    /// Empty, the default, for all.
    /// </summary>
    public IReadOnlyList<string> AllowedHosts { get; set; } = [];
}

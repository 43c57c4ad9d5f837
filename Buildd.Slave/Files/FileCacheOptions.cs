namespace Buildd.Slave.Files;

/// <summary>How much the file cache may hold, for how long, and where from.</summary>
/// <remarks>
/// What is removed is what was used longest ago. Never removed are the inputs of the build that runs, its results until
/// <c>clean</c>, and what was used within the last <see cref="CacheFolder.RecentUse"/>: a master that was told that a file
/// is there is about to build with it.
/// </remarks>
public sealed record FileCacheOptions
{
    /// <summary>
    /// How many bytes of inputs and results to keep; 0 for no limit. The default is 32 GiB: chroots of several series and
    /// the sources of a day fit, and a large disk does not fill up slowly. The reference has no limit.
    /// </summary>
    public long BudgetBytes { get; set; } = 32L << 30;

    /// <summary>
    /// How long a file stays after its last use; zero for ever. The default of three days is that of the reference's daily
    /// cron job, which counts from the download, however often the file is used.
    /// </summary>
    public TimeSpan MaxAge { get; set; } = TimeSpan.FromDays(3);

    /// <summary>
    /// How many bytes have to stay free on the cache's file system; 0 for none. With less, nothing is downloaded and no build
    /// is taken, unless old files can make room. The default is 1 GiB, so that logs and the machine itself go on. The
    /// reference fills the disk.
    /// </summary>
    public long FreeSpaceFloorBytes { get; set; } = 1L << 30;

    /// <summary>
    /// The hosts that files may be fetched from, as <see cref="HostPattern"/> spells them; redirects may lead to no others.
    /// Empty, the default, for all.
    /// </summary>
    public IReadOnlyList<string> AllowedHosts { get; set; } = [];

    /// <summary>
    /// How many bytes a second a server has to send on average once <see cref="SlowTimeout"/> is over, or the download ends; 0 for no
    /// limit. The default is 100, as for clients.
    /// </summary>
    public int MinBytesPerSecond { get; set; } = 100;

    /// <summary>The time for which a server may be slower than that. The default is a minute, as for clients.</summary>
    public TimeSpan SlowTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The number of the group whose members may read the cache beside the slave's own user: that of the user who builds, where a slave of
    /// root's builds as another. Null, the default, for the slave's own group. Nobody else of the machine reads it.
    /// </summary>
    public uint? ReaderGroup { get; set; }

    /// <summary>Lists what is wrong with the figures; empty when nothing is.</summary>
    internal IEnumerable<string> FindMistakes()
    {
        if (BudgetBytes < 0)
            yield return $"the file cache's budget of {BudgetBytes} bytes is negative; 0 means no limit";
        if (MaxAge < TimeSpan.Zero)
            yield return $"the file cache's largest age of {MaxAge} is negative; zero means no limit";
        if (FreeSpaceFloorBytes < 0)
            yield return $"the free space of {FreeSpaceFloorBytes} bytes to keep is negative; 0 means none";
        if (MinBytesPerSecond < 0)
            yield return $"the least rate of {MinBytesPerSecond} bytes a second of a download is negative; 0 means no limit";
        if (SlowTimeout <= TimeSpan.Zero)
            yield return $"the time of {SlowTimeout} that a download may be slow has to be longer than zero";
        foreach (var host in AllowedHosts.Where(host => !HostPattern.TryParse(host, out _)))
            yield return $"the host '{host}' that files may be fetched from has to be {HostPattern.Form}";
    }
}

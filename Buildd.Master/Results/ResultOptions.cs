namespace Buildd.Master.Results;

/// <summary>Where results go, and how they are fetched.</summary>
public sealed record ResultOptions
{
    /// <summary>
    /// The folder that holds <c>grabbing</c> (what is being fetched) and <c>incoming</c> (what is complete); both are
    /// made when missing, and must be on one file system.
    /// </summary>
    public required string Root { get; init; }

    /// <summary>The archive's name or number, the folder in the leaf that results go to; default <c>1</c>, as for <see cref="Builds.NewBuild"/>.</summary>
    /// <exception cref="Debian.FileNameException">It can't be a folder's name.</exception>
    public string Archive { get; init => field = Debian.FileName.Check(value); } = "1";

    /// <summary>The distribution's name, the folder in that; default <c>debian</c>.</summary>
    /// <exception cref="Debian.FileNameException">It can't be a folder's name.</exception>
    public string Distribution { get; init => field = Debian.FileName.Check(value); } = "debian";

    /// <summary>
    /// How many files are fetched from one slave at a time; default 4: enough to hide the round trips of small files,
    /// and no more than one browser's worth of connections for the slave. At least 1.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is zero or less.</exception>
    public int ParallelDownloads
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 4;

    /// <summary>
    /// How many bytes must stay free on the file system; default 64 MiB, so that whoever shares it can go on for a while.
    /// Zero or more.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than zero.</exception>
    public long SpareBytes
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    } = 64L << 20;
}

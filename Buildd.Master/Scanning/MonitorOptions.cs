namespace Buildd.Master.Scanning;

/// <summary>How a running build is watched.</summary>
public sealed record MonitorOptions
{
    /// <summary>The time between two looks at the slave; default 15 s, as the original master's scan. More than zero.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is zero or less.</exception>
    public TimeSpan PollInterval { get; init => field = Positive(value); } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How many looks in a row may fail before the watch ends with the last failure; default 5, as the original's failed
    /// scans. At least 1.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is zero or less.</exception>
    public int MaxFailures
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 5;

    /// <summary>
    /// The longest time between two looks after failures: the first retry comes after <see cref="PollInterval"/>, each
    /// further one after twice the time before. Default 60 s: with the other defaults a slave has almost three minutes
    /// to come back, which a reboot fits in. A longer poll interval counts instead.
    /// </summary>
    public TimeSpan MaxRetryDelay { get; init => field = Positive(value); } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a slave may take from the wish to abort until the build has ended; default 180 s, as the original
    /// master's: more than the 120 s after which a slave gives up on its part.
    /// </summary>
    public TimeSpan AbortTimeout { get; init => field = Positive(value); } = TimeSpan.FromSeconds(180);

    /// <summary>Whether the log is fetched while it grows, and told in events; true by default.</summary>
    public bool FollowLog { get; init; } = true;

    private static TimeSpan Positive(TimeSpan value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
        return value;
    }
}

namespace Buildd.Slave.Logs;

/// <summary>How long a build log may become.</summary>
public sealed record BuildLogOptions
{
    /// <summary>The least that <see cref="MaxBytes"/> may be, 64 KiB: below, what is kept would say nothing.</summary>
    public const int LeastMaxBytes = 64 * 1024;

    /// <summary>
    /// How many bytes of a log are kept, or 0 for all. Of a longer log the beginning is kept and the end, up to 8 MiB of
    /// it, and a line in between says how much is missing. The default is 1 GiB: the longest logs of Debian's own builders
    /// have a few hundred MiB, and a build that fills the disk takes the slave with it.
    /// </summary>
    /// <remarks>Differs: the reference has no limit.</remarks>
    public long MaxBytes { get; set; } = 1024L * 1024 * 1024;

    /// <summary>Lists everything that is wrong with the options; empty when nothing is.</summary>
    internal IEnumerable<string> FindMistakes()
    {
        if (MaxBytes is not 0 and < LeastMaxBytes)
            yield return $"a build log of at most {MaxBytes} bytes is too short: give it {LeastMaxBytes} at least, or 0 for no limit";
    }
}

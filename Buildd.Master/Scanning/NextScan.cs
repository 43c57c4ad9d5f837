namespace Buildd.Master.Scanning;

/// <summary>What comes after a look at a slave.</summary>
/// <param name="Delay">How long after its beginning the next one is due.</param>
/// <param name="IsFree">Whether the builder may get work until then.</param>
internal readonly record struct NextScan(TimeSpan Delay, bool IsFree = false)
{
    /// <summary>The next look follows at once.</summary>
    public static NextScan Now => default;

    public static NextScan After(TimeSpan delay) => new(delay);
}

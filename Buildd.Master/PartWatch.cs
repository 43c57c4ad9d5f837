namespace Buildd.Master;

/// <summary>Measures the parts of something, one after the other.</summary>
internal sealed class PartWatch(TimeProvider time)
{
    private long _start = time.GetTimestamp();

    /// <summary>How long ago the part before this one ended; the next begins now.</summary>
    public TimeSpan Lap()
    {
        var now = time.GetTimestamp();
        var duration = time.GetElapsedTime(_start, now);
        _start = now;
        return duration;
    }
}

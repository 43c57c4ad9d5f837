namespace Buildd.Master;

/// <summary>
/// Notices when the wall clock is set, ahead or back, by a clock that only runs on. Stored times are the wall clock's; no wait may become
/// longer or shorter because somebody sets it. For one thread at a time.
/// </summary>
/// <remarks>A clock that is slowed down or sped up until it is right (slewing) is not set: both clocks take part in that.</remarks>
/// <param name="time">Has both clocks.</param>
internal sealed class ClockSteps(TimeProvider time)
{
    /// <summary>Less is the time between reading the one clock and the other. What is less adds up until it is no longer.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    private DateTimeOffset _wall = time.GetUtcNow();
    private long _steady = time.GetTimestamp();
    private long? _lastStep;

    /// <summary>Returns how far the clock was set ahead since the last call: negative for back, zero when it was not set.</summary>
    public TimeSpan Take()
    {
        var steady = time.GetTimestamp();
        var wall = time.GetUtcNow();
        var step = wall - _wall - time.GetElapsedTime(_steady, steady);
        if (step.Duration() < Least)
            return TimeSpan.Zero;
        (_wall, _steady, _lastStep) = (wall, steady, steady);
        return step;
    }

    /// <summary>Whether the clock was set within a time from now, as far as this object has lived.</summary>
    public bool WasSetWithin(TimeSpan period)
    {
        Take();
        return _lastStep is { } at && time.GetElapsedTime(at) < period;
    }
}

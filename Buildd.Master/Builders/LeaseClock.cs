namespace Buildd.Master.Builders;

/// <summary>
/// Decides for a store of builders which leases have run out, also after somebody has set the clock. Keep one for as long as the store is
/// open. For one thread at a time.
/// </summary>
/// <remarks>
/// The end of a lease is stored by the wall clock, which all processes share. When that was set, ends that were stored before say nothing:
/// after a step ahead leases of living masters look run out, after a step back those of dead ones look valid. So nothing is taken for one
/// duration from the step on, in which each living master renews its leases by the new clock. After it a lease that ends later than two
/// durations from now is of the old clock and of a dead master, and has run out. The longest wait for a dead master's builders is so three
/// durations, however far the clock was set. A step that was before the store was opened can't be noticed.
/// </remarks>
/// <param name="time">The clocks.</param>
public sealed class LeaseClock(TimeProvider time)
{
    private readonly ClockSteps _steps = new(time);

    /// <summary>Whether a lease may be taken by another master.</summary>
    /// <param name="expires">When it ends.</param>
    /// <param name="duration">How long leases hold.</param>
    public bool HasRunOut(DateTimeOffset? expires, TimeSpan duration)
    {
        var now = time.GetUtcNow();
        return !(expires > now && expires <= now + (2 * duration)) && !_steps.WasSetWithin(duration);
    }
}

using Buildd.Master;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Master;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ClockStepsTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly ManualTimeProvider _time = new();

    [Test]
    public void Time_that_passes_is_no_step()
    {
        var steps = new ClockSteps(_time);
        _time.Advance(100 * Minute);

        Assert.That(steps.Take(), Is.EqualTo(TimeSpan.Zero));
        Assert.That(steps.WasSetWithin(1000 * Minute), Is.False);
    }

    [TestCase(60)]
    [TestCase(-86400)]
    public void A_step_is_told_once_and_remembered(int seconds)
    {
        var steps = new ClockSteps(_time);
        _time.Advance(Minute);
        _time.Set(TimeSpan.FromSeconds(seconds));

        Assert.That(steps.Take(), Is.EqualTo(TimeSpan.FromSeconds(seconds)));
        Assert.That(steps.Take(), Is.EqualTo(TimeSpan.Zero));
        _time.Advance(Minute);
        Assert.That(steps.WasSetWithin(2 * Minute));
        Assert.That(steps.WasSetWithin(Minute), Is.False);
    }

    [Test]
    public void Small_steps_add_up()
    {
        var steps = new ClockSteps(_time);
        var told = TimeSpan.Zero;
        for (var i = 0; i < 10; i++)
        {
            _time.Set(TimeSpan.FromMilliseconds(300));
            told += steps.Take();
        }

        Assert.That(told, Is.EqualTo(TimeSpan.FromSeconds(3)).Within(TimeSpan.FromSeconds(1)));
    }
}

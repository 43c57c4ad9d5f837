using Buildd.Backends.PlugIn;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.PlugIn;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PlugInWatchTests : IDisposable
{
    private static readonly PlugInOptions Options = new() { Tag = "test", Command = "/bin/true" };

    private readonly ManualTimeProvider _time = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly PlugInBench _bench;

    public PlugInWatchTests() => _bench = new PlugInBench(_time);

    public void Dispose()
    {
        _bench.Dispose();
        _abort.Dispose();
    }

    [Test]
    public void Without_limits_only_an_abort_ends_it()
    {
        using var watch = new PlugInWatch(_bench, Options, _abort.Token);
        _time.Advance(TimeSpan.FromDays(100));
        Assert.That((watch.Cause, watch.Token.IsCancellationRequested), Is.EqualTo(((string?)null, false)));

        _abort.Cancel();

        Assert.That((watch.Cause, watch.Token.IsCancellationRequested), Is.EqualTo(("aborted", true)));
    }

    [Test]
    public void The_time_it_may_take_ends_it_however_much_it_writes()
    {
        using var watch = new PlugInWatch(_bench, Options with { Timeout = TimeSpan.FromSeconds(90), StallTimeout = TimeSpan.FromSeconds(60) }, _abort.Token);
        for (var i = 0; i < 89; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            watch.Heard();
        }

        Assert.That(watch.Cause, Is.Null);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.That((watch.Cause, watch.Token.IsCancellationRequested), Is.EqualTo(("timeout", true)));
        Assert.That(_bench.LogText, Is.EqualTo("The build has taken 90 s, which is its timeout: it is ended.\n"));
    }

    [Test]
    public void Silence_ends_it_as_long_after_the_last_output_as_was_said()
    {
        using var watch = new PlugInWatch(_bench, Options with { StallTimeout = TimeSpan.FromSeconds(60) }, _abort.Token);
        _time.Advance(TimeSpan.FromSeconds(40));
        watch.Heard();
        _time.Advance(TimeSpan.FromSeconds(20));
        _time.Advance(TimeSpan.FromSeconds(39));
        Assert.That(watch.Cause, Is.Null);

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.That(watch.Cause, Is.EqualTo("stalled"));
        Assert.That(_bench.LogText, Is.EqualTo("The build has written nothing for 60 s, which is its stall-timeout: it is ended.\n"));
    }

    [Test]
    public void The_first_reason_counts()
    {
        using var watch = new PlugInWatch(_bench, Options with { Timeout = TimeSpan.FromSeconds(5) }, _abort.Token);

        _abort.Cancel();
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.That(watch.Cause, Is.EqualTo("aborted"));
    }

    [Test]
    public void An_abort_from_before_counts()
    {
        _abort.Cancel();

        using var watch = new PlugInWatch(_bench, Options, _abort.Token);

        Assert.That((watch.Cause, watch.Token.IsCancellationRequested), Is.EqualTo(("aborted", true)));
    }

    [Test]
    public void What_is_over_is_left_alone()
    {
        var watch = new PlugInWatch(_bench, Options with { Timeout = TimeSpan.FromSeconds(5), StallTimeout = TimeSpan.FromSeconds(3) }, _abort.Token);
        watch.Dispose();

        _time.Advance(TimeSpan.FromSeconds(5));
        _abort.Cancel();

        Assert.That(watch.Cause, Is.Null);
        Assert.That(_bench.LogText, Is.Empty);
    }
}

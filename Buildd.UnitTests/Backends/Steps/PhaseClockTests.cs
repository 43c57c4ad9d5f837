using System.Globalization;
using Buildd.Backends.Steps;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Builds;
using Buildd.UnitTests.Testing;
using NSubstitute;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Steps;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PhaseClockTests
{
    private readonly FixedTime _time = new(new DateTimeOffset(2024, 2, 3, 4, 5, 6, TimeSpan.FromHours(2)));
    private readonly List<string> _published = [];
    private readonly PhaseClock _clock;

    public PhaseClockTests()
    {
        var context = Substitute.For<IBuildContext>();
        context.Time.Returns(_time);
        context.When(c => c.SetStatusMember("phases", Arg.Any<XmlRpcValue>()))
            .Do(call => _published.Add(Text(call.ArgAt<XmlRpcValue>(1))));
        _clock = new PhaseClock(context);
    }

    [Test]
    public void Each_phase_has_its_name_its_start_in_UTC_and_once_over_its_seconds()
    {
        _clock.Enter(Phase.Init);
        _time.Advance(TimeSpan.FromMilliseconds(1234.5678));
        _clock.Enter(Phase.Unpack);
        _time.Advance(TimeSpan.FromSeconds(60));
        _clock.Leave();

        Assert.That(_published, Is.EqualTo(new[]
        {
            "name=init start=20240203T02:05:06",
            "name=init start=20240203T02:05:06 seconds=1.235; name=unpack start=20240203T02:05:07",
            "name=init start=20240203T02:05:06 seconds=1.235; name=unpack start=20240203T02:05:07 seconds=60",
        }));
    }

    [Test]
    public void Leaving_twice_changes_nothing()
    {
        _clock.Enter(Phase.Cleanup);
        _clock.Leave();
        _time.Advance(TimeSpan.FromSeconds(5));
        _clock.Leave();

        Assert.That(_published[^1], Is.EqualTo("name=cleanup start=20240203T02:05:06 seconds=0"));
    }

    private static string Text(XmlRpcValue member) => string.Join("; ", ((XmlRpcArray)member).Select(phase =>
        string.Join(' ', ((XmlRpcStruct)phase).Select(pair => $"{pair.Key}={Plain(pair.Value)}"))));

    private static string Plain(XmlRpcValue value) => value switch
    {
        XmlRpcString text => text.Value,
        XmlRpcDateTime time => time.Text,
        XmlRpcDouble number => number.Value.ToString(CultureInfo.InvariantCulture),
        _ => throw new InvalidOperationException($"nobody expected a {value}"),
    };
}

using Buildd.Master.Scanning;
using Buildd.Protocol.XmlRpc;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Scanning;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PhaseTrackerTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 14, 15, 9, 26, TimeSpan.Zero);
    private readonly PhaseTracker _tracker = new();

    [Test]
    public void Beginnings_and_ends_are_told_once()
    {
        Assert.That(Update(Phase("INIT")), Is.EqualTo(new BuildEvent[] { new PhaseStarted("INIT", Start) }));
        Assert.That(Update(Phase("INIT")), Is.Empty);
        Assert.That(Update(Phase("INIT", 1.5), Phase("UNPACK")), Is.EqualTo(new BuildEvent[]
        {
            new PhaseEnded("INIT", TimeSpan.FromSeconds(1.5)),
            new PhaseStarted("UNPACK", Start),
        }));
        Assert.That(Update(Phase("INIT", 1.5), Phase("UNPACK", 2)), Is.EqualTo(new BuildEvent[]
        {
            new PhaseEnded("UNPACK", TimeSpan.FromSeconds(2)),
        }));
    }

    [Test]
    public void Phases_that_came_and_went_between_two_looks_are_told_too() =>
        Assert.That(Update(Phase("A", 1), Phase("B", 1), Phase("C")).Select(happened => happened.GetType()), Is.EqualTo([
            typeof(PhaseStarted), typeof(PhaseEnded), typeof(PhaseStarted), typeof(PhaseEnded), typeof(PhaseStarted),
        ]));

    [TestCase("20260314T15:09:26")]
    [TestCase("20260314T15:09:26Z")]
    [TestCase("2026-03-14T15:09:26Z")]
    [TestCase("2026-03-14T15:09:26.5358979Z")]
    public void Times_are_read_in_the_usual_spellings(string text) =>
        Assert.That(Update(new XmlRpcStruct { ["name"] = "A", ["start"] = new XmlRpcDateTime(text) }),
            Is.EqualTo(new BuildEvent[] { new PhaseStarted("A", Start) }));

    [Test]
    public void A_time_that_cannot_be_read_is_none() =>
        Assert.That(Update(new XmlRpcStruct { ["name"] = "A", ["start"] = new XmlRpcDateTime("yesterday") }),
            Is.EqualTo(new BuildEvent[] { new PhaseStarted("A", null) }));

    [Test]
    public void What_has_another_shape_is_passed_over()
    {
        Assert.That(_tracker.Update(new XmlRpcStruct()), Is.Empty);
        Assert.That(_tracker.Update(new XmlRpcStruct { ["phases"] = "INIT" }), Is.Empty);
        Assert.That(Update("INIT", Phase("A")), Is.Empty);
        Assert.That(Update(new XmlRpcStruct { ["name"] = 5 }), Is.Empty);
        Assert.That(Update(Phase("A", double.NaN)), Has.None.TypeOf<PhaseEnded>());
        Assert.That(Update(Phase("A", -1)), Is.Empty);
        Assert.That(Update(Phase("A", double.MaxValue)), Is.Empty);
    }

    private static XmlRpcStruct Phase(string name, double? seconds = null)
    {
        var phase = new Dictionary<string, XmlRpcValue> { ["name"] = name, ["start"] = new XmlRpcDateTime("20260314T15:09:26") };
        if (seconds is { } value)
            phase["seconds"] = value;
        return new XmlRpcStruct(phase);
    }

    private List<BuildEvent> Update(params XmlRpcValue[] phases) =>
        [.. _tracker.Update(new XmlRpcStruct { ["phases"] = new XmlRpcArray(phases) })];
}

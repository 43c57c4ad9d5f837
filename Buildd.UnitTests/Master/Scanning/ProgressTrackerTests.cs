using Buildd.Master.Scanning;
using Buildd.Protocol.XmlRpc;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Scanning;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ProgressTrackerTests
{
    private readonly ProgressTracker _tracker = new();

    private static IEnumerable<XmlRpcValue> Odd =>
    [
        "half", new XmlRpcStruct(), new XmlRpcStruct { ["stage"] = "x" }, new XmlRpcStruct { ["stage"] = 1, ["fraction"] = 0.5 },
        new XmlRpcStruct { ["stage"] = "x", ["fraction"] = 1.5 }, new XmlRpcStruct { ["stage"] = "x", ["fraction"] = double.NaN },
        new XmlRpcStruct { ["stage"] = "x", ["fraction"] = "1" },
    ];

    [Test]
    public void Progress_is_told_when_it_changes()
    {
        Assert.That(Update("bootstrap", 0.1), Is.EqualTo(new ProgressMade("bootstrap", 0.1)));
        Assert.That(Update("bootstrap", 0.1), Is.Null);
        Assert.That(Update("bootstrap", 0.2), Is.EqualTo(new ProgressMade("bootstrap", 0.2)));
        Assert.That(Update("chroot", 0.2), Is.EqualTo(new ProgressMade("chroot", 0.2)));
    }

    [TestCaseSource(nameof(Odd))]
    public void What_has_another_shape_is_passed_over(XmlRpcValue value) =>
        Assert.That(_tracker.Update(new XmlRpcStruct { ["progress"] = value }), Is.Null);

    [Test]
    public void A_slave_that_does_not_tell_is_no_event() => Assert.That(_tracker.Update(new XmlRpcStruct()), Is.Null);

    private ProgressMade? Update(string stage, double fraction) =>
        _tracker.Update(new XmlRpcStruct { ["progress"] = new XmlRpcStruct { ["stage"] = stage, ["fraction"] = fraction } });
}

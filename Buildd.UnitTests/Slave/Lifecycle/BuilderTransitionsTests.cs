using Buildd.Protocol.Messages;
using Buildd.Slave;
using Buildd.Slave.Lifecycle;
using NUnit.Framework;
using static Buildd.Protocol.Messages.BuilderStatus;
using static Buildd.Slave.Lifecycle.BuilderEvent;

namespace Buildd.UnitTests.Slave.Lifecycle;

[Parallelizable(ParallelScope.All)]
public sealed class BuilderTransitionsTests
{
    // null: refused
    private static readonly object?[][] Table =
    [
        [Idle,     Start, Building], [Idle,     Abort, null],     [Idle,     Complete, null],    [Idle,     Clean, null],
        [Building, Start, null],     [Building, Abort, Aborting], [Building, Complete, Waiting], [Building, Clean, null],
        [Waiting,  Start, null],     [Waiting,  Abort, null],     [Waiting,  Complete, null],    [Waiting,  Clean, Idle],
        [Aborting, Start, null],     [Aborting, Abort, Aborting], [Aborting, Complete, Waiting], [Aborting, Clean, null],
    ];

    [Test]
    public void The_table_has_every_status_and_every_event() =>
        Assert.That(
            Table.Select(row => (row[0], row[1])).Distinct().Count(),
            Is.EqualTo(Enum.GetValues<BuilderStatus>().Length * Enum.GetValues<BuilderEvent>().Length));

    [TestCaseSource(nameof(Table))]
    public void An_event_leads_where_the_table_says(object status, object cause, object? next)
    {
        if (next is null)
        {
            Assert.That(
                () => BuilderTransitions.Next((BuilderStatus)status, (BuilderEvent)cause),
                Throws.TypeOf<RefusedException>().With.Message.EqualTo($"{cause} is not possible while the builder is {status}"));
        }
        else
        {
            Assert.That(BuilderTransitions.Next((BuilderStatus)status, (BuilderEvent)cause), Is.EqualTo(next));
        }
    }
}

using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;
using Buildd.Slave.Lifecycle;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Lifecycle;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class BuilderStateTests
{
    [Test]
    public async Task Slaves_with_a_state_folder_each_share_a_work_folder()
    {
        await using var bench = new SlaveBench();
        var state = bench.NewWorkDirectory();
        var options = bench.Options with { StateDirectory = state };
        bench.Backend.RunUntilAborted(new BuildOutcome(BuildStatus.Ok));
        await using (var other = bench.Create(options))
        {
            other.Start(bench.Call());
            await bench.Backend.Started.WaitAsync(SlaveBench.Deadline);

            Assert.That(new BuilderWatch(bench.Builder).Look().Status, Is.EqualTo(BuilderStatus.Idle));
            Assert.That(
                new BuilderWatch(other)
                    .Look(), Is.EqualTo(new BuilderActivity(BuilderStatus.Building, SlaveBench.BuildId, "binarypackage", null)));
            Assert.That(Directory.Exists(bench.BuildFolder));
            Assert.That(File.Exists(Path.Combine(state, Journal.FileName)));
            Assert.That(File.Exists(Path.Combine(bench.Options.WorkDirectory, Journal.FileName)), Is.False);
            Assert.That(() => bench.Create(options), Throws.TypeOf<JournalException>(), "but not a state folder");
        }

        await using var next = bench.Create(options);
        Assert.That(new BuilderWatch(next).Look().Status, Is.EqualTo(BuilderStatus.Waiting), "it is remembered there");
    }

    [Test]
    public async Task A_state_folder_that_is_not_there_is_a_mistake()
    {
        await using var bench = new SlaveBench();

        Assert.That(
            (bench.Options with { StateDirectory = "/no/such/folder" })
                .FindMistakes(), Has.Some.Contains("the folder for the slave's state '/no/such/folder'"));
    }
}

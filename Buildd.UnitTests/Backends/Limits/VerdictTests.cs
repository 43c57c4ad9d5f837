using Buildd.Backends.Limits;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Limits;

[Parallelizable(ParallelScope.All)]
public sealed class VerdictTests
{
    [Test]
    public void Nothing_that_fails_is_OK() =>
        Assert.That((new Verdict().Outcome, new Verdict().Cause), Is.EqualTo((new BuildOutcome(BuildStatus.Ok), (string?)null)));

    [Test]
    public void The_first_failure_decides()
    {
        var verdict = new Verdict();
        verdict.Fail(new BuildOutcome(BuildStatus.DepFail, "libfoo"), "exit 3");
        verdict.Fail(new BuildOutcome(BuildStatus.ChrootFail), "mount");

        Assert.That((verdict.Outcome, verdict.Cause), Is.EqualTo((new BuildOutcome(BuildStatus.DepFail, "libfoo"), "exit 3")));
    }

    [TestCase(BuildStatus.Aborted)]
    [TestCase(BuildStatus.PackageFail)]
    [TestCase(BuildStatus.ChrootFail)]
    public void What_can_not_be_cleaned_up_is_the_builder_s_failure_whatever_was_before(BuildStatus before)
    {
        var verdict = new Verdict();
        verdict.Fail(new BuildOutcome(before), "before");
        verdict.FailCleaning("reap");
        verdict.FailCleaning("cleanup");
        verdict.Abort();

        Assert.That((verdict.Outcome, verdict.Cause), Is.EqualTo((new BuildOutcome(BuildStatus.BuilderFail), "reap")));
    }

    [Test]
    public void An_abort_outweighs_what_was_quicker()
    {
        var verdict = new Verdict();
        verdict.Fail(new BuildOutcome(BuildStatus.PackageFail), "exit 2");
        verdict.Abort();

        Assert.That((verdict.Outcome, verdict.Cause), Is.EqualTo((new BuildOutcome(BuildStatus.Aborted), "aborted")));
    }

    [TestCase(2, "exit 2")]
    [TestCase(137, "signal 9")]
    public void An_exit_code_is_a_cause(int code, string cause) =>
        Assert.That(Verdict.CauseOf(new ExitCode(code)), Is.EqualTo(cause));
}

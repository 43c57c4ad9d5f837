using Buildd.Master.Scanning;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Scanning;

/// <summary>The table of judgements, row by row.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class FailureJudgeTests
{
    [TestCase(1, 1, true, "Spare Spare", TestName = "Met_once_and_may_go_well_next_time_both_go_on")]
    [TestCase(2, 2, true, "Spare Spare", TestName = "Met_twice_both_go_on")]
    [TestCase(3, 3, true, "Spare Reset", TestName = "Met_three_times_the_job_goes_elsewhere")]
    [TestCase(4, 4, true, "Spare Reset", TestName = "Met_four_times_the_job_goes_elsewhere")]
    [TestCase(5, 5, true, "MakeDirty Fail", TestName = "Met_five_times_the_job_fails_and_the_builder_is_next")]
    [TestCase(1, 1, false, "Spare Reset", TestName = "What_cannot_go_well_next_time_parts_them_at_once")]
    [TestCase(2, 1, true, "MakeDirty Reset", TestName = "A_builder_that_failed_more_is_cleaned_and_its_job_goes_elsewhere")]
    [TestCase(4, 3, false, "MakeDirty Reset", TestName = "A_builder_that_failed_more_is_cleaned_whether_or_not_it_may_go_well")]
    [TestCase(5, 4, true, "Fail Reset", TestName = "A_builder_that_failed_five_times_is_failed_and_its_job_goes_elsewhere")]
    [TestCase(7, 1, true, "Fail Reset", TestName = "A_builder_that_failed_more_than_five_times_is_failed")]
    [TestCase(1, 0, true, "MakeDirty Reset", TestName = "A_builder_without_a_job_is_cleaned")]
    [TestCase(5, 0, true, "Fail Reset", TestName = "A_builder_without_a_job_that_failed_five_times_is_failed")]
    [TestCase(1, 2, true, "Spare Fail", TestName = "A_job_that_failed_more_is_failed_and_its_builder_is_spared")]
    [TestCase(4, 7, false, "Spare Fail", TestName = "A_job_that_failed_much_more_is_failed")]
    public void A_judgement(int builder, int job, bool mayRetry, string expected)
    {
        var verdict = FailureJudge.Judge(isIsolation: false, mayRetry, builder, job);

        Assert.That($"{verdict.Builder} {verdict.Job}", Is.EqualTo(expected));
    }

    [TestCase(1, 1)]
    [TestCase(1, 9)]
    [TestCase(9, 1)]
    public void Broken_isolation_fails_both_whatever_the_counts(int builder, int job) =>
        Assert.That(
            FailureJudge.Judge(isIsolation: true, mayRetry: true, builder, job), Is.EqualTo((BuilderVerdict.Fail, JobVerdict.Fail)));
}

using Buildd.Master.Builds;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Builds;

[Parallelizable(ParallelScope.All)]
public sealed class BuildTransitionsTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 14, 15, 9, 26, TimeSpan.Zero);

    private static readonly string[] Allowed =
    [
        "NEEDSBUILD: *", "BUILDING: *",
        "GATHERING: NEEDSBUILD FAILEDTOBUILD UPLOADING SUPERSEDED",
        "UPLOADING: FULLYBUILT FAILEDTOUPLOAD SUPERSEDED",
        "CANCELLING: CANCELLED",
        "FAILEDTOBUILD: NEEDSBUILD", "MANUALDEPWAIT: NEEDSBUILD", "CHROOTWAIT: NEEDSBUILD", "CANCELLED: NEEDSBUILD",
        "FAILEDTOUPLOAD: NEEDSBUILD FULLYBUILT",
        "FULLYBUILT:", "SUPERSEDED:",
    ];

    [Test]
    public void The_table_of_transitions_is_this()
    {
        var states = Enum.GetValues<BuildState>();
        var table = states.Select(from =>
        {
            var to = states.Where(to => to != from && BuildTransitions.IsAllowed(from, to)).Select(to => to.ToName()).ToList();
            return $"{from.ToName()}: {(to.Count == states.Length - 1 ? "*" : string.Join(' ', to))}".TrimEnd();
        });

        Assert.That(table.Select(Sorted), Is.EquivalentTo(Allowed.Select(Sorted)));
        Assert.That(states, Has.All.Matches<BuildState>(state => BuildTransitions.IsAllowed(state, state)));

        static string Sorted(string row) => string.Join(' ', row.Split(' ')[..1].Concat(row.Split(' ')[1..].Order(StringComparer.Ordinal)));
    }

    [Test]
    public void Names_are_read_back() => Assert.That(Enum.GetValues<BuildState>(),
        Has.All.Matches<BuildState>(state => BuildNames.TryParse(state.ToName(), out var read) && read == state));

    [Test]
    public void What_is_no_name_is_not_read() => Assert.That(BuildNames.TryParse("NeedsBuild", out _), Is.False);

    [Test]
    public void A_lost_attempt_leaves_the_first_dispatch_and_the_score_and_nothing_else()
    {
        var lost = New().Dispatched("bob", Now).Requeued(Now.AddHours(1), "lost");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                (lost.State, lost.Queue, lost.Builder, lost.Started),
                Is.EqualTo((BuildState.NeedsBuild, (QueueState?)QueueState.Waiting, (string?)null, (DateTimeOffset?)null)));
            Assert.That((lost.FirstDispatched, lost.Score, lost.Attempt, lost.Reason), Is.EqualTo(((DateTimeOffset?)Now, 2505, 1, "lost")));
            Assert.That(lost.Dispatched("eve", Now.AddHours(2)).Started, Is.EqualTo(Now.AddHours(2)), "durations count the last attempt");
            Assert.That(lost.Dispatched("eve", Now.AddHours(2)).FirstDispatched, Is.EqualTo(Now));
        }
    }

    [Test]
    public void A_build_that_is_put_back_for_later_is_not_ready_before()
    {
        var build = New().Dispatched("bob", Now).Requeued(Now, "given back", TimeSpan.FromMinutes(5));

        Assert.That(build.IsReady(Now.AddSeconds(299)), Is.False);
        Assert.That(build.IsReady(Now.AddSeconds(300)), Is.True);
    }

    [Test]
    public void A_build_that_is_to_be_cancelled_is_never_tried_again()
    {
        var build = New().Dispatched("bob", Now).CancelledBy(Now);

        Assert.That((build.State, build.Queue), Is.EqualTo((BuildState.Cancelling, (QueueState?)QueueState.Cancelling)));
        Assert.That(build.Requeued(Now, "lost").State, Is.EqualTo(BuildState.Cancelled));
        Assert.That(build.Ended(BuildState.FailedToBuild, Now).State, Is.EqualTo(BuildState.Cancelled));
    }

    [Test]
    public void A_build_that_waits_is_cancelled_at_once_and_has_no_times()
    {
        var build = New().CancelledBy(Now);

        Assert.That(
            (build.State, build.Queue, build.Finished), Is.EqualTo((BuildState.Cancelled, (QueueState?)null, (DateTimeOffset?)null)));
    }

    [Test]
    public void Cancelling_what_is_neither_waiting_nor_building_does_nothing()
    {
        var gathering = New().Dispatched("bob", Now).GatheringInto("leaf");

        Assert.That(gathering.CancelledBy(Now), Is.SameAs(gathering));
        Assert.That(New().CancelledBy(Now).CancelledBy(Now).State, Is.EqualTo(BuildState.Cancelled));
    }

    [Test]
    public void A_good_build_goes_by_gathering_and_uploading_to_its_end()
    {
        var uploading = New().Dispatched("bob", Now).GatheringInto("leaf").HandedOver([], Now.AddMinutes(7));

        Assert.That(
            (uploading.State, uploading.Queue, uploading.Duration),
            Is.EqualTo((BuildState.Uploading, (QueueState?)null, (TimeSpan?)TimeSpan.FromMinutes(7))));
        Assert.That(uploading.UploadFailed("log", "no").Uploaded().UploadLogName, Is.Null, "a rescued upload needs no log of its failure");
        Assert.That(uploading.Uploaded().State, Is.EqualTo(BuildState.FullyBuilt));
    }

    [Test]
    public void Only_a_dependency_wait_has_dependencies()
    {
        Assert.That(New().Dispatched("bob", Now).Ended(BuildState.ManualDepWait, Now, "libfoo-dev").Dependencies, Is.EqualTo("libfoo-dev"));
        Assert.That(New().Dispatched("bob", Now).Ended(BuildState.FailedToBuild, Now, "libfoo-dev").Dependencies, Is.Empty);
    }

    [Test]
    public void A_retry_clears_counts_and_keeps_the_first_dispatch_and_the_attempts()
    {
        var failed = New().Dispatched("bob", Now)
            .Ended(BuildState.FailedToBuild, Now) with
        { Failures = 4, GivenBack = 2, LogName = "log" };

        var build = failed.Retried(Now.AddDays(1));

        using (Assert.EnterMultipleScope())
        {
            Assert.That((build.Failures, build.GivenBack, build.LogName, build.Started, build.Finished, build.Builder),
                Is.EqualTo((0, 0, (string?)null, (DateTimeOffset?)null, (DateTimeOffset?)null, (string?)null)));
            Assert.That((build.FirstDispatched, build.Attempt, build.Queued), Is.EqualTo(((DateTimeOffset?)Now, 1, Now.AddDays(1))));
        }
    }

    private static IEnumerable<TestCaseData> Refused()
    {
        var building = New().Dispatched("bob", Now);
        var done = building.GatheringInto("leaf").HandedOver([], Now).Uploaded();
        yield return new TestCaseData(() => building.Dispatched("eve", Now)).SetArgDisplayNames("a second dispatch");
        yield return new TestCaseData(() => New().Suspended().Dispatched("eve", Now)).SetArgDisplayNames("dispatching what is suspended");
        yield return new TestCaseData(() => New().Requeued(Now, null)).SetArgDisplayNames("losing what waits");
        yield return new TestCaseData(() => New().GatheringInto("leaf")).SetArgDisplayNames("gathering what waits");
        yield return new TestCaseData(() => building.HandedOver([], Now)).SetArgDisplayNames("handing over what was not gathered");
        yield return new TestCaseData(() => building.Ended(BuildState.FullyBuilt, Now)).SetArgDisplayNames("a good end without an upload");
        yield return new TestCaseData(() => building.Uploaded()).SetArgDisplayNames("accepting no upload");
        yield return new TestCaseData(() => building.Rescored(1)).SetArgDisplayNames("rescoring what builds");
        yield return new TestCaseData(() => building.Retried(Now)).SetArgDisplayNames("retrying what builds");
        yield return new TestCaseData(() => done.Retried(Now)).SetArgDisplayNames("retrying what is built");
        yield return new TestCaseData(() => done.Ended(BuildState.FailedToBuild, Now)).SetArgDisplayNames("failing what is built");
        yield return new TestCaseData(() => done.UploadFailed(null, null)).SetArgDisplayNames("failing an upload that was accepted");
        yield return new TestCaseData(() => New().Resumed()).SetArgDisplayNames("resuming what waits");
        yield return new TestCaseData(() => building.Suspended()).SetArgDisplayNames("suspending what builds");
    }

    [TestCaseSource(nameof(Refused))]
    public void There_is_no_way_for(Func<Build> change) =>
        Assert.That(() => change(), Throws.TypeOf<BuildStateException>().With.Message.StartsWith("PACKAGEBUILD-22 is "));

    private static Build New() => (new NewBuild { JobType = "PACKAGEBUILD", Title = "hello" } with { Score = 2505 }).ToBuild(22, 1, Now);
}

using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Choosing;

namespace Buildd.Master;

/// <summary>Says why a build waits and when it will start, by the queue and the builders as they are known.</summary>
internal sealed class WaitingReasoner(Scheduler scheduler, IReadOnlyList<Builder> builders, DateTimeOffset now)
{
    /// <summary>How long a build that takes longer than estimated is taken to take still; the original's.</summary>
    private static readonly TimeSpan Overdue = TimeSpan.FromSeconds(120);

    /// <summary>Nothing starts sooner; the original's.</summary>
    private static readonly TimeSpan Soonest = TimeSpan.FromSeconds(5);

    public WaitingReason Explain(Build build)
    {
        if (build.Queue is null)
            return new WaitingReason($"It does not wait: it is {build.State.ToName()}.");
        if (build.Queue is QueueState.Running or QueueState.Cancelling)
            return new WaitingReason($"It does not wait: {build.Builder} has it since {build.Started:u}.");
        if (build.Queue == QueueState.Suspended)
            return new WaitingReason("It is suspended.");
        var demand = Demand.Of(build);
        var fitting = builders.Where(demand.Fits).ToList();
        if (BuilderMatch.FindReason(demand, builders) is { } reason)
            return new WaitingReason(reason);
        var able = fitting.Where(builder => builder is { InService: true, Manual: false }).ToList();
        if (able.Count == 0)
            return new WaitingReason($"All {fitting.Count} builders that could build it are out of service or kept for manual use.");
        if (scheduler.DueOf(build) is { } due)
            return new WaitingReason(
                $"It is tried again at {due:u}{(build.Reason is null ? "" : ", because " + build.Reason.TrimEnd('.'))}.",
                EstimatedStart: due);
        var position = scheduler.Position(build) ?? 1;
        var start = now + Max(Soonest, UntilNextBuilder(able) + WorkAhead(build, demand, position, able.Count));
        var free = able.Count(builder => scheduler.OnBuilder(builder.Name) is null);
        return new WaitingReason(
            free > 0 ? $"It is number {position} in line, and {free} of {able.Count} builders are about to take work."
                : $"It is number {position} in line for {able.Count} builders, which all have work.",
            position,
            start);
    }

    private TimeSpan UntilNextBuilder(List<Builder> able) => able.Min(builder =>
    {
        if (scheduler.OnBuilder(builder.Name) is not { Started: { } started } running)
            return TimeSpan.Zero;
        var rest = started + running.EstimatedDuration - now;
        return rest > TimeSpan.Zero ? rest : Overdue;
    });

    /// <summary>What those before it take, done by all builders together.</summary>
    private TimeSpan WorkAhead(Build build, Demand demand, int position, int able)
    {
        if (position <= 1)
            return TimeSpan.Zero;
        var (count, time) = scheduler.Amount(demand); // the build itself is among them
        var average = count <= 1 ? build.EstimatedDuration : (time - build.EstimatedDuration) / (count - 1);
        var ahead = position - 1;
        return average * ahead / Math.Min(ahead, able);
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}

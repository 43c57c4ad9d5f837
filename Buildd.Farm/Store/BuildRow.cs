using Buildd.Master.Builds;

namespace Buildd.Farm.Store;

/// <summary>A row of the table <c>build</c>: what a column holds, before it means anything.</summary>
internal sealed class BuildRow
{
    /// <summary>The columns, for a SELECT.</summary>
    internal const string Columns =
        """
        id, revision, job_type, manager, title, subject, owner, archive, distribution, processor, virtualized, resources,
        state, queue, score, scored_by_hand, estimated_duration, created, queued, not_before, started, first_dispatched,
        finished, builder, attempt, failures, given_back, cancel_requested, leaf, log_name, upload_log_name, dependencies,
        reason, files
        """;

    public long Id { get; init; }

    public long Revision { get; init; }

    public string JobType { get; init; } = "";

    public string Manager { get; init; } = "";

    public string Title { get; init; } = "";

    public string Subject { get; init; } = "";

    public string Owner { get; init; } = "";

    public string Archive { get; init; } = "";

    public string Distribution { get; init; } = "";

    public string? Processor { get; init; }

    public long Virtualized { get; init; }

    public string Resources { get; init; } = "";

    public long State { get; init; }

    public long? Queue { get; init; }

    public long Score { get; init; }

    public long ScoredByHand { get; init; }

    public long EstimatedDuration { get; init; }

    public long Created { get; init; }

    public long Queued { get; init; }

    public long? NotBefore { get; init; }

    public long? Started { get; init; }

    public long? FirstDispatched { get; init; }

    public long? Finished { get; init; }

    public string? Builder { get; init; }

    public long Attempt { get; init; }

    public long Failures { get; init; }

    public long GivenBack { get; init; }

    public long? CancelRequested { get; init; }

    public string? Leaf { get; init; }

    public string? LogName { get; init; }

    public string? UploadLogName { get; init; }

    public string Dependencies { get; init; } = "";

    public string? Reason { get; init; }

    public string Files { get; init; } = "";

    internal static BuildRow Of(Build build) => new()
    {
        Id = build.Id,
        Revision = build.Revision,
        JobType = build.JobType,
        Manager = build.Manager,
        Title = build.Title,
        Subject = build.Subject,
        Owner = build.Owner,
        Archive = build.Archive,
        Distribution = build.Distribution,
        Processor = build.Processor,
        Virtualized = build.Virtualized ? 1 : 0,
        Resources = StoreJson.Write(build.Resources),
        State = (long)build.State,
        Queue = (long?)build.Queue,
        Score = build.Score,
        ScoredByHand = build.ScoredByHand ? 1 : 0,
        EstimatedDuration = build.EstimatedDuration.Ticks,
        Created = build.Created.UtcTicks,
        Queued = build.Queued.UtcTicks,
        NotBefore = build.NotBefore?.UtcTicks,
        Started = build.Started?.UtcTicks,
        FirstDispatched = build.FirstDispatched?.UtcTicks,
        Finished = build.Finished?.UtcTicks,
        Builder = build.Builder,
        Attempt = build.Attempt,
        Failures = build.Failures,
        GivenBack = build.GivenBack,
        CancelRequested = build.CancelRequested?.UtcTicks,
        Leaf = build.Leaf,
        LogName = build.LogName,
        UploadLogName = build.UploadLogName,
        Dependencies = build.Dependencies,
        Reason = build.Reason,
        Files = StoreJson.Write(build.Files),
    };

    internal Build ToBuild() => new()
    {
        Id = Id,
        Revision = Revision,
        JobType = JobType,
        Manager = Manager,
        Title = Title,
        Subject = Subject,
        Owner = Owner,
        Archive = Archive,
        Distribution = Distribution,
        Processor = Processor,
        Virtualized = Virtualized != 0,
        Resources = StoreJson.ReadWords(Resources),
        State = (BuildState)State,
        Queue = (QueueState?)Queue,
        Score = (int)Score,
        ScoredByHand = ScoredByHand != 0,
        EstimatedDuration = TimeSpan.FromTicks(EstimatedDuration),
        Created = Times.Of(Created),
        Queued = Times.Of(Queued),
        NotBefore = Times.Of(NotBefore),
        Started = Times.Of(Started),
        FirstDispatched = Times.Of(FirstDispatched),
        Finished = Times.Of(Finished),
        Builder = Builder,
        Attempt = (int)Attempt,
        Failures = (int)Failures,
        GivenBack = (int)GivenBack,
        CancelRequested = Times.Of(CancelRequested),
        Leaf = Leaf,
        LogName = LogName,
        UploadLogName = UploadLogName,
        Dependencies = Dependencies,
        Reason = Reason,
        Files = StoreJson.ReadFiles(Files),
    };
}

/// <summary>Times as the columns hold them: ticks of UTC.</summary>
internal static class Times
{
    internal static DateTimeOffset Of(long ticks) => new(ticks, TimeSpan.Zero);

    internal static DateTimeOffset? Of(long? ticks) => ticks is { } given ? Of(given) : null;
}

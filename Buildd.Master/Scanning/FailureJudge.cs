namespace Buildd.Master.Scanning;

/// <summary>What becomes of a builder after a failure.</summary>
internal enum BuilderVerdict
{
    /// <summary>It goes on.</summary>
    Spare,

    /// <summary>It is cleaned or reset before it gets more work.</summary>
    MakeDirty,

    /// <summary>It is taken out of service.</summary>
    Fail,
}

/// <summary>What becomes of a builder's build after a failure.</summary>
internal enum JobVerdict
{
    /// <summary>It goes on.</summary>
    Spare,

    /// <summary>It goes back into the queue.</summary>
    Reset,

    /// <summary>It has failed to build.</summary>
    Fail,
}

/// <summary>
/// Says who is to blame for a failure, builder or job, by how many failures have been laid to each, this one included: who
/// has more than the other has failed with others too. Both have equally many as long as they have only met each other.
/// </summary>
internal static class FailureJudge
{
    /// <summary>From how many failures on the two are parted, though nobody knows yet whose fault it is.</summary>
    public const int ResetThreshold = 3;

    /// <summary>How many failures in a row take a builder out of service.</summary>
    public const int FailThreshold = 5;

    /// <param name="isIsolation">What keeps builds apart has failed: nothing of the two is trusted any more.</param>
    /// <param name="mayRetry">Whether the same thing may go well the next time.</param>
    /// <param name="builder">The builder's failures.</param>
    /// <param name="job">The job's; 0 when there is none.</param>
    /// <remarks>
    /// Differs: a pair that has met only each other five times is parted for good, the job failing. In the original it is tried for ever
    /// where there is one builder. The builder keeps its count, so that it is the next to go if the fault was its own.
    /// </remarks>
    public static (BuilderVerdict Builder, JobVerdict Job) Judge(bool isIsolation, bool mayRetry, int builder, int job) =>
        (builder - job) switch
        {
            _ when isIsolation => (BuilderVerdict.Fail, JobVerdict.Fail),
            0 when builder >= FailThreshold => (BuilderVerdict.MakeDirty, JobVerdict.Fail),
            0 when !mayRetry || builder >= ResetThreshold => (BuilderVerdict.Spare, JobVerdict.Reset),
            0 => (BuilderVerdict.Spare, JobVerdict.Spare),
            > 0 when builder >= FailThreshold => (BuilderVerdict.Fail, JobVerdict.Reset),
            > 0 => (BuilderVerdict.MakeDirty, JobVerdict.Reset),
            _ => (BuilderVerdict.Spare, JobVerdict.Fail),
        };
}

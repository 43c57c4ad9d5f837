namespace Buildd.Slave.Metrics;

/// <summary>How a call ended, for the figures.</summary>
internal enum CallOutcome
{
    /// <summary>It was answered with a result.</summary>
    Ok,

    /// <summary>It was understood and can't be carried out: the wrong state, bad arguments.</summary>
    Refused,

    /// <summary>It was not understood: no call, or of no method that there is.</summary>
    Malformed,

    /// <summary>The slave is at fault.</summary>
    Failed,

    /// <summary>The client went away before the answer.</summary>
    Gone,
}

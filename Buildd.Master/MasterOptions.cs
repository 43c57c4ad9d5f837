namespace Buildd.Master;

/// <summary>How a master does its work.</summary>
public sealed record MasterOptions
{
    /// <summary>How long a notifier may take before nobody waits for it any more; default 1 minute.</summary>
    public TimeSpan NotifierTimeout { get; init; } = TimeSpan.FromMinutes(1);
}

namespace Buildd.Master;

/// <summary>Why a build isn't running, for the people who wait for it.</summary>
/// <param name="Sentence">The reason, one sentence.</param>
/// <param name="Position">Its place among the builds that want the same kind of builder, from 1; null when it isn't in line.</param>
/// <param name="EstimatedStart">When it will start, roughly; null when that can't be said.</param>
public sealed record WaitingReason(string Sentence, int? Position = null, DateTimeOffset? EstimatedStart = null);

namespace Buildd.Benchmarks.Harness;

/// <summary>One line of the table: a quantity, round by round.</summary>
/// <param name="Quantity">What was measured.</param>
/// <param name="Ours">One figure per round.</param>
/// <param name="Peer">One figure per round; empty when there is no peer, or none on this machine.</param>
internal sealed record Row(Quantity Quantity, IReadOnlyList<double> Ours, IReadOnlyList<double> Peer)
{
    /// <summary>Why nothing stands in the peer's column; null when something does, or when there is no such thing.</summary>
    public string? PeerMissing { get; init; }
}

namespace Buildd.Benchmarks.Harness;

/// <summary>Something that is measured on both sides.</summary>
/// <param name="Name">What it is, for the table.</param>
/// <param name="Unit">The unit, for the table.</param>
internal sealed record Quantity(string Name, string Unit)
{
    /// <summary>
    /// Whether less is better, as with time and memory. The ratio is then turned round, so that more of it is always better.
    /// </summary>
    public bool IsCost { get; init; }

    /// <summary>The ratio that was agreed on as good enough; null when none has been.</summary>
    public double? Aim { get; init; }

    /// <summary>The limit that was agreed for ours, independent of the peer's figure; null for none.</summary>
    public double? Limit { get; init; }

    /// <summary>Ours against the peer's: above 1 ours is better.</summary>
    public double Ratio(double ours, double peer) => IsCost ? peer / ours : ours / peer;
}

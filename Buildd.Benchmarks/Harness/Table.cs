using System.Globalization;

namespace Buildd.Benchmarks.Harness;

/// <summary>The answers as a table in Markdown, which is what the README takes.</summary>
internal static class Table
{
    internal const string Heading =
        """
        | question | ours | peer | ratio (range) | aim |
        |---|---:|---:|---:|---:|
        """;

    internal const string Legend =
        """
        Medians; a ratio above 1 means that ours is better, also where less is better (time, memory). The range is that of
        the single rounds: a wide one tells of a machine that was doing other things as well.
        """;

    internal static string Line(string benchmark, Row row)
    {
        var quantity = row.Quantity;
        var ours = Median(row.Ours);
        var question = $"{benchmark}: {quantity.Name}";
        if (row is { Peer.Count: 0, PeerMissing: null })
        {
            return $"| {question} | {Figure(ours)} {quantity.Unit} | – | – | {Aim(quantity, ours, null)} |";
        }

        if (row.Peer.Count == 0)
            return $"| {question} | {Figure(ours)} {quantity.Unit} | not on this machine: {row.PeerMissing} | – | "
                + $"{Aim(quantity, ours, null)} |";

        var peer = Median(row.Peer);
        var ratio = quantity.Ratio(ours, peer);
        var pairs = row.Ours.Zip(row.Peer, quantity.Ratio).ToList();
        return $"| {question} | {Figure(ours)} {quantity.Unit} | {Figure(peer)} {quantity.Unit} "
            + $"| {Factor(ratio)} ({Factor(pairs.Min())}–{Factor(pairs.Max())}) | {Aim(quantity, ours, ratio)} |";
    }

    private static double Median(IReadOnlyList<double> figures) => figures.Order().ElementAt(figures.Count / 2);

    private static string Aim(Quantity quantity, double ours, double? ratio)
    {
        var aims = new List<string>();
        if (quantity.Aim is { } aim)
            aims.Add(ratio is { } reached ? $"≥ {Factor(aim)}, {Verdict(reached >= aim)}" : $"≥ {Factor(aim)}");
        if (quantity.Limit is { } most)
            aims.Add($"below {Figure(most)}, {Verdict(ours < most)}");
        return aims.Count > 0 ? string.Join("; ", aims) : "none set";
    }

    private static string Verdict(bool isMet) => isMet ? "met" : "missed";

    private static string Factor(double ratio) => ratio.ToString(ratio < 10 ? "0.00" : "0", CultureInfo.InvariantCulture);

    private static string Figure(double figure) =>
        figure.ToString(figure < 10 ? "0.000" : figure < 100 ? "0.0" : "#,0", CultureInfo.InvariantCulture);
}

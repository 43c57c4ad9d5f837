using System.Diagnostics;

namespace Buildd.Benchmarks.Harness;

/// <summary>How long each of many calls took.</summary>
internal sealed class Latencies
{
    private readonly List<long> _ticks = [];

    internal int Count => _ticks.Count;

    internal void Add(long startTimestamp) => _ticks.Add(Stopwatch.GetTimestamp() - startTimestamp);

    /// <summary>The time that all but one call in a hundred stayed below, in microseconds, over all of the recorders.</summary>
    internal static double Percentile99Microseconds(IEnumerable<Latencies> recorders)
    {
        var ticks = recorders.SelectMany(recorder => recorder._ticks).ToArray();
        if (ticks.Length == 0)
            throw new BenchmarkException("no call was made");
        Array.Sort(ticks);
        return ticks[(int)(ticks.Length * 0.99)] * 1e6 / Stopwatch.Frequency;
    }
}

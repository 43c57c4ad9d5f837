using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Debian;

/// <summary>Compares what our reader and a tool made of many inputs.</summary>
internal static class Differences
{
    /// <summary>How many differences a failure shows.</summary>
    private const int MaxShown = 5;

    /// <summary>
    /// Fails if the readers differ in what no row of a table covers, or if a row covers nothing: then it is no longer true.
    /// </summary>
    /// <returns>The inputs that rows cover.</returns>
    internal static IReadOnlyList<OddInput> Check(
        LongRun run,
        IReadOnlyList<string> inputs,
        IReadOnlyList<Reading> ours,
        IReadOnlyList<Reading> theirs,
        IReadOnlyList<Disagreement> table)
    {
        Assert.That((ours.Count, theirs.Count), Is.EqualTo((inputs.Count, inputs.Count)));
        var unused = table.ToHashSet();
        var meant = new List<OddInput>();
        var different = new List<OddInput>();
        foreach (var input in inputs.Select((text, index) => new OddInput(text, ours[index], theirs[index])))
        {
            if (input.Agrees)
            {
                run.Count(input.Ours.IsRefused ? "both refuse" : "both read");
            }
            else if (table.FirstOrDefault(row => row.Covers(input)) is { } row)
            {
                run.Count("meant to differ");
                unused.Remove(row);
                meant.Add(input);
            }
            else
            {
                different.Add(input);
            }
        }

        run.Done(inputs.Count);
        Assert.That(
            different, Is.Empty,
            $"{different.Count} inputs are read otherwise, with BUILDD_SEED={run.Seed}; the shortest:\n"
                + string.Join('\n', different.OrderBy(input => input.Text.Length).Take(MaxShown)));
        Assert.That(unused.Select(row => row.Reason), Is.Empty, "rows of the table that nothing needs");
        return meant;
    }
}

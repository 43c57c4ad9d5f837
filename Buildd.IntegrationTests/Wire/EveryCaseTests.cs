using Buildd.Testing.Wire;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Wire;

/// <summary>Every exchange that was recorded is replayed somewhere, or stands in the table of open cases.</summary>
[Parallelizable(ParallelScope.All)]
public class EveryCaseTests
{
    /// <summary>The names of all exchanges that were recorded, whether or not their bytes are kept here.</summary>
    private static readonly string[] Recorded = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Data", "Wire", "names.txt"));

    private static IEnumerable<string> Replayed =>
        WireReplayTests.Replayed.Concat(HttpReplayTests.Replayed).Concat(EnsurePresentReplayTests.Replayed)
            .Select(exchange => exchange.Name)
            .Concat(LifecycleReplayTests.Names);

    [Test]
    public void Every_recorded_exchange_is_replayed_or_open()
    {
        Assert.That(Recorded, Has.Length.EqualTo(294).And.Unique);
        Assert.That(
            Replayed.Concat(OpenCases.Table.Keys).Order(StringComparer.Ordinal), Is.EqualTo(Recorded.Order(StringComparer.Ordinal)));
    }

    [Test]
    public void Exchanges_whose_bytes_are_kept_are_those_that_are_replayed() =>
        Assert.That(
            WireCase.All.Select(exchange => exchange.Name),
            Is.EquivalentTo(Replayed.Concat(OpenCases.Table.Keys.Where(LifecycleReplayTests.HasScenario))));

    [Test]
    public void What_differs_on_purpose_was_recorded_and_is_replayed() => Assert.That(Deviations.Names, Is.SubsetOf(Replayed));
}

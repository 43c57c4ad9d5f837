using System.Text;
using Buildd.Debian.Versions;
using Buildd.Linux.Processes;
using Buildd.Testing.Packages;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Debian;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class VersionTests
{
    private const int Pairs = 10_000;

    /// <summary>Reads lines of two versions and what the first is claimed to be, and writes the claims that dpkg denies.</summary>
    private const string Judge =
        """
        while read left claim right; do
            dpkg --compare-versions "$left" "$claim" "$right" || echo "$left is not $claim $right"
        done
        echo judged
        """;

    [Test]
    [CancelAfter(300_000)]
    public async Task Ten_thousand_pairs_compare_as_dpkg_itself_does(CancellationToken cancellationToken)
    {
        var claims = VersionPairs.Generate(seed: 2, Pairs)
            .Select(pair => $"{pair.Left} {Claim(pair.Left, pair.Right)} {pair.Right}\n")
            .ToArray();
        Assert.That(claims.Select(claim => claim.Split(' ')[1]).Distinct(), Is.EquivalentTo((string[])["lt", "eq", "gt"]));

        // A process for each pair: several shells share them.
        var denied = await Task.WhenAll(claims.Chunk(Pairs / Environment.ProcessorCount + 1).Select(part => ProcessRunner.CaptureAsync(
            Command.Of("sh", "-c", Judge) with { StandardInput = Encoding.ASCII.GetBytes(string.Concat(part)) }, cancellationToken)));

        Assert.That(denied, Is.All.EqualTo("judged\n"));
    }

    private static string Claim(string left, string right) =>
        DebianVersion.Parse(left).CompareTo(DebianVersion.Parse(right)) switch { < 0 => "lt", 0 => "eq", > 0 => "gt" };
}

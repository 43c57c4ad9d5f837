using Buildd.Testing.Packages;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Debian;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class VersionTests
{
    private const int Pairs = 10_000;

    [Test]
    [CancelAfter(300_000)]
    public async Task Ten_thousand_pairs_compare_as_dpkg_itself_does(CancellationToken cancellationToken)
    {
        var pairs = VersionPairs.Generate(seed: 2, Pairs).ToList();
        Assert.That(
            pairs.Select(pair => VersionJudge.Claim(pair.Left, pair.Right)).Distinct(), Is.EquivalentTo((string[])["lt", "eq", "gt"]));

        Assert.That(await VersionJudge.DenyAsync(pairs, cancellationToken), Is.Empty);
    }
}

using System.Text;
using Buildd.Debian.Versions;
using Buildd.Linux.Processes;
using Buildd.Testing.Packages;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Debian.Versions;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DebianVersionTests
{
    /// <summary>Reads pairs, and tells of each how the first compares with the second.</summary>
    private const string Judge =
        "use Dpkg::Version; while (<STDIN>) { chomp; my ($l, $r) = split / /; print version_compare($l, $r), \"\\n\" }";

    [TestCase("1.0", 0, "1.0", "")]
    [TestCase("1:1.0-1", 1, "1.0", "1")]
    [TestCase("0:1.0-rc1-2~bpo12+1", 0, "1.0-rc1", "2~bpo12+1")]
    [TestCase("2147483647:0:1-0", int.MaxValue, "0:1", "0")]
    [TestCase("r5+dfsg", 0, "r5+dfsg", "")]
    public void A_version_has_three_parts(string text, int epoch, string upstream, string revision)
    {
        var version = DebianVersion.Parse(text);

        Assert.That((version.Epoch, version.Upstream, version.Revision, version.ToString()), Is.EqualTo((epoch, upstream, revision, text)));
    }

    [TestCase("", "upstream part is empty")]
    [TestCase("-1", "upstream part is empty")]
    [TestCase("1:", "upstream part is empty")]
    [TestCase("1.0-", "revision is empty")]
    [TestCase(":1", "epoch is no number")]
    [TestCase("a:1", "epoch is no number")]
    [TestCase("-1:1", "epoch is no number")]
    [TestCase("+1:1", "epoch is no number")]
    [TestCase("1\0:1", "epoch is no number")]
    [TestCase("2147483648:1", "epoch is no number")]
    [TestCase("1.0 2", "character")]
    [TestCase("1_0", "character")]
    [TestCase("1.0\n", "character")]
    [TestCase("1.0-1:2", "epoch is no number")]
    [TestCase("1:1.0-1:2", "character")]
    [TestCase("1é", "character")]
    [TestCase("١", "character")]
    public void What_is_no_version_is_refused(string text, string mistake)
    {
        Assert.That(() => DebianVersion.Parse(text), Throws.TypeOf<VersionFormatException>().With.Message.Contains(mistake));
        Assert.That(DebianVersion.TryParse(text), Is.Null);
    }

    [Test]
    public void A_version_has_a_greatest_length()
    {
        Assert.That(() => DebianVersion.Parse(new string('1', DebianVersion.MaxLength)), Throws.Nothing);
        Assert.That(
            () => DebianVersion.Parse(new string('1', DebianVersion.MaxLength + 1)), Throws.TypeOf<VersionFormatException>()
                .With.Message.Contains("longer than 1000"));
    }

    [TestCase("1.0", "1.1")]
    [TestCase("1.9", "1.10")]
    [TestCase("1.0~rc1", "1.0")]
    [TestCase("1.0~~", "1.0~")]
    [TestCase("1.0~~a", "1.0~")]
    [TestCase("1.0", "1.0a")]
    [TestCase("1.0a", "1.0+")]
    [TestCase("1.0Z", "1.0a")]
    [TestCase("9", "1:0")]
    [TestCase("1.0-1", "1.0-1.1")]
    [TestCase("1.0", "1.0-1")]
    [TestCase("1.0-1~bpo12+1", "1.0-1")]
    [TestCase("1.99999999999999999999", "1.100000000000000000000")]
    public void The_first_is_older_than_the_second(string older, string newer) => Assert.Multiple(() =>
    {
        Assert.That(DebianVersion.Parse(older).CompareTo(DebianVersion.Parse(newer)), Is.Negative);
        Assert.That(DebianVersion.Parse(newer).CompareTo(DebianVersion.Parse(older)), Is.Positive);
        Assert.That(DebianVersion.Parse(newer).CompareTo(null), Is.Positive);
    });

    [TestCase("1.0", "0:1.0")]
    [TestCase("1.0", "1.00")]
    [TestCase("1.0", "1.")]
    [TestCase("1.0", "1.0-0")]
    [TestCase("1a", "1a0")]
    [TestCase("01", "1")]
    [TestCase("0", "00-00")]
    public void The_same_version_may_be_spelled_in_different_ways(string left, string right) => Assert.Multiple(() =>
    {
        Assert.That(DebianVersion.Parse(left), Is.EqualTo(DebianVersion.Parse(right)));
        Assert.That(DebianVersion.Parse(left).GetHashCode(), Is.EqualTo(DebianVersion.Parse(right).GetHashCode()));
    });

    [Test]
    [CancelAfter(120_000)]
    public async Task Twenty_thousand_pairs_compare_as_libdpkg_does(CancellationToken cancellationToken)
    {
        Machine.Require(File.Exists("/usr/share/perl5/Dpkg/Version.pm"), "the package libdpkg-perl");
        var pairs = VersionPairs.Generate(seed: 1, count: 20_000).ToList();

        var answers = await ProcessRunner.CaptureAsync(
            Command.Of(
                "perl", "-e",
                Judge) with
            { StandardInput = Encoding.ASCII.GetBytes(string.Concat(pairs.Select(pair => $"{pair.Left} {pair.Right}\n"))) },
            cancellationToken);

        var expected = answers.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).ToList();
        Assert.That(expected, Has.Count.EqualTo(pairs.Count));
        Assert.That(expected.Distinct().Order(), Is.EqualTo((int[])[-1, 0, 1]), "the pairs are worth comparing");
        Assert.That(
            pairs.Zip(expected)
                .Where(row => Math.Sign(DebianVersion.Parse(row.First.Left).CompareTo(DebianVersion.Parse(row.First.Right))) != row.Second),
            Is.Empty);
        Assert.That(
            pairs.Zip(
                expected).Where(row => row.Second == 0
                    && DebianVersion.Parse(row.First.Left).GetHashCode() != DebianVersion.Parse(row.First.Right).GetHashCode()),
            Is.Empty);
    }
}

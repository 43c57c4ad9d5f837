using System.Globalization;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Metrics;

/// <summary>
/// Reads the text format as strictly as Prometheus's own checker: every family has its HELP and TYPE in front, once, with
/// its samples together; no series is there twice; histograms are cumulative and end with +Inf.
/// </summary>
internal sealed partial class Exposition
{
    private readonly Dictionary<string, double> _samples = [];
    private readonly Dictionary<string, string> _types = [];

    internal static Exposition Parse(string text)
    {
        var result = new Exposition();
        Assert.That(text, Does.EndWith("\n").And.Not.Contain("\r").And.Not.Contain("\n\n"));
        string? help = null, family = null;
        foreach (var line in text[..^1].Split('\n'))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                help = line.Split(' ')[2];
                Assert.That(line.Length, Is.GreaterThan($"# HELP {help} ".Length), "a text for " + help);
            }
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                family = line.Split(' ')[2];
                var type = line.Split(' ')[3];
                Assert.That(family, Is.EqualTo(help), "HELP comes before TYPE");
                Assert.That(type, Is.AnyOf("counter", "gauge", "histogram"));
                Assert.That(result._types.TryAdd(family, type), family + " is there twice");
                Assert.That(family.EndsWith("_total", StringComparison.Ordinal), Is.EqualTo(type == "counter"), family);
            }
            else
            {
                var sample = Sample().Match(line);
                Assert.That(sample.Success, line);
                Assert.That(family, Is.Not.Null, line);
                var name = sample.Groups["name"].Value;
                Assert.That(
                    name, result._types[family!] == "histogram" ? Is.AnyOf(
                        family + "_bucket", family + "_sum", family + "_count") : Is.EqualTo(family));
                Assert.That(
                    result._samples.TryAdd(
                        line[..line.LastIndexOf(' ')], double.Parse(sample.Groups["value"].Value, CultureInfo.InvariantCulture)), line);
            }
        }

        result.CheckHistograms();
        return result;
    }

    internal IReadOnlyDictionary<string, string> Types => _types;

    internal IEnumerable<string> Series => _samples.Keys;

    internal double this[string series] => _samples[series];

    private void CheckHistograms()
    {
        foreach (var family in _types.Where(type => type.Value == "histogram").Select(type => type.Key))
        {
            var buckets = _samples.Where(sample => sample.Key.StartsWith(family + "_bucket{", StringComparison.Ordinal))
                .GroupBy(sample => Bound().Replace(sample.Key[(family.Length + 7)..], ""))
                .ToList();
            Assert.That(buckets, Is.Not.Empty);
            foreach (var series in buckets)
            {
                Assert.That(series.Select(sample => sample.Value), Is.Ordered, "cumulative");
                Assert.That(series.Last().Key, Does.Contain("le=\"+Inf\""));
                Assert.That(
                    series.Last()
                        .Value, Is.EqualTo(_samples[(family + "_count" + series.Key).Replace("{}", "", StringComparison.Ordinal)]));
            }
        }
    }

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\[\\"n])*",?)+\})? (?<value>\S+)$""")]
    private static partial Regex Sample();

    [GeneratedRegex(",?le=\"[^\"]*\"")]
    private static partial Regex Bound();
}

using Buildd.Daemon.Configuration;
using NUnit.Framework;

namespace Buildd.UnitTests.Daemon.Configuration;

[Parallelizable(ParallelScope.All)]
public sealed class ConfigurationValueTests
{
    [TestCase("yes", true)]
    [TestCase("True", true)]
    [TestCase("ON", true)]
    [TestCase("1", true)]
    [TestCase("no", false)]
    [TestCase("FALSE", false)]
    [TestCase("off", false)]
    [TestCase("0", false)]
    public void A_truth_is_read_as_ConfigParser_does(string text, bool value)
    {
        Assert.That(ConfigurationValue.TryParseFlag(text, out var read));
        Assert.That(read, Is.EqualTo(value));
    }

    [TestCase("")]
    [TestCase("y")]
    [TestCase("2")]
    [TestCase("yes please")]
    public void What_is_no_truth_is_refused(string text) => Assert.That(ConfigurationValue.TryParseFlag(text, out _), Is.False);

    [TestCase("0", 0)]
    [TestCase("1", 1)]
    [TestCase("10K", 10 * 1024)]
    [TestCase("10 k", 10 * 1024)]
    [TestCase("3M", 3 * 1024 * 1024)]
    [TestCase("2g", 2L * 1024 * 1024 * 1024)]
    [TestCase("1T", 1L << 40)]
    [TestCase("8388607T", 8388607L << 40)]
    [TestCase("9223372036854775807", long.MaxValue)]
    public void A_size_is_read_in_powers_of_1024(string text, long value)
    {
        Assert.That(ConfigurationValue.TryParseBytes(text, out var read));
        Assert.That(read, Is.EqualTo(value));
    }

    [TestCase("")]
    [TestCase("K")]
    [TestCase("-1")]
    [TestCase("+1")]
    [TestCase("1.5G")]
    [TestCase("1GB")]
    [TestCase("1KK")]
    [TestCase("0x10")]
    [TestCase("1,000")]
    [TestCase("8388608T")]
    [TestCase("9223372036854775808")]
    [TestCase("\u0661")]
    public void What_is_no_size_is_refused(string text) => Assert.That(ConfigurationValue.TryParseBytes(text, out _), Is.False);

    [TestCase("0", 0)]
    [TestCase("90", 90)]
    [TestCase("90s", 90)]
    [TestCase("5m", 300)]
    [TestCase("12 H", 43200)]
    [TestCase("3d", 259200)]
    public void A_time_is_read_in_seconds_unless_it_says_otherwise(string text, int seconds)
    {
        Assert.That(ConfigurationValue.TryParseDuration(text, out var read));
        Assert.That(read, Is.EqualTo(TimeSpan.FromSeconds(seconds)));
    }

    [TestCase("")]
    [TestCase("s")]
    [TestCase("-5")]
    [TestCase("1w")]
    [TestCase("1h30m")]
    [TestCase("1:30")]
    [TestCase("999999999999999999d")]
    [TestCase("922337203686")]
    public void What_is_no_time_is_refused(string text) => Assert.That(ConfigurationValue.TryParseDuration(text, out _), Is.False);
}

using Buildd.Slave.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Files;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class HostPatternTests
{
    [TestCase("archive.example", "http://archive.example/x", true)]
    [TestCase("archive.example", "https://ARCHIVE.example:8443/x", true)]
    [TestCase("archive.example", "http://archive.example./x", true)]
    [TestCase("archive.example", "http://archive.example.evil.example/", false)]
    [TestCase("archive.example", "http://evil.example/archive.example", false)]
    [TestCase("archive.example", "http://archive.example@evil.example/", false)]
    [TestCase("archive.example", "http://sub.archive.example/", false)]
    [TestCase("archive.example:80", "http://archive.example/", true)]
    [TestCase("archive.example:80", "https://archive.example/", false)]
    [TestCase("archive.example:8080", "http://archive.example/", false)]
    [TestCase("*.example", "http://a.example/", true)]
    [TestCase("*.example", "http://a.b.example:99/", true)]
    [TestCase("*.example", "http://example/", false)]
    [TestCase("*.example", "http://badexample/", false)]
    [TestCase("*.example:80", "http://a.example:81/", false)]
    [TestCase("192.0.2.1", "http://192.0.2.1/", true)]
    [TestCase("127.0.0.1", "http://2130706433/", true)]
    [TestCase("127.0.0.1", "http://localhost/", false)]
    [TestCase("[2001:db8::1]", "http://[2001:DB8:0::1]:80/", true)]
    [TestCase("[2001:db8::1]:8080", "http://[2001:db8::1]:8080/", true)]
    [TestCase("[2001:db8::1]:8080", "http://[2001:db8::1]/", false)]
    [TestCase("bücher.example", "http://xn--bcher-kva.example/", true)]
    public void A_host_is_meant_or_not(string text, string url, bool isMeant)
    {
        Assert.That(HostPattern.TryParse(text, out var pattern), Is.True);
        Assert.That(pattern!.Matches(new Uri(url)), Is.EqualTo(isMeant));
    }

    [TestCase("")]
    [TestCase("*")]
    [TestCase("*.")]
    [TestCase("*.*")]
    [TestCase("a.*.example")]
    [TestCase("http://a.example")]
    [TestCase("a.example/x")]
    [TestCase("user@a.example")]
    [TestCase("a.example:")]
    [TestCase("a.example:0")]
    [TestCase("a.example:65536")]
    [TestCase("a.example:http")]
    [TestCase("2001:db8::1")]
    [TestCase("*.192.0.2.1")]
    [TestCase("[2001:db8::1")]
    [TestCase("a b")]
    public void What_is_no_pattern_is_refused(string text) => Assert.That(HostPattern.TryParse(text, out _), Is.False);
}

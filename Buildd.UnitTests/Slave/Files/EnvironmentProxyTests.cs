using System.Net;
using Buildd.Slave.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Files;

[Parallelizable(ParallelScope.All)]
public sealed class EnvironmentProxyTests
{
    private static readonly Uri Proxy = new("http://proxy.test:3128");

    [TestCase("*", "http://files.test/")]
    [TestCase("a.test, *", "http://files.test/")]
    [TestCase("files.test", "http://files.test/")]
    [TestCase("FILES.test", "http://files.TEST./")]
    [TestCase("files.test", "http://de.files.test:8080/")]
    [TestCase(".files.test", "http://files.test/")]
    [TestCase("*.files.test", "http://de.files.test/")]
    [TestCase("a.test files.test:8080", "http://files.test:8080/")]
    [TestCase("localhost,127.0.0.0/8", "http://127.1.2.3/")]
    [TestCase("10.1.2.3", "http://10.1.2.3:8221/")]
    [TestCase("10.1.2.3:8221", "http://10.1.2.3:8221/")]
    [TestCase("fd00::/8", "http://[fd00::1]/")]
    [TestCase("[fd00::1]:80", "http://[fd00::1]/")]
    [TestCase("fd00::1", "http://[fd00::1]/")]
    public void A_host_of_the_list_is_asked_itself(string hosts, string url)
    {
        var proxy = new EnvironmentProxy(new WebProxy(Proxy), hosts);

        Assert.That((proxy.IsBypassed(new Uri(url)), proxy.GetProxy(new Uri(url))), Is.EqualTo((true, (Uri?)null)));
    }

    [TestCase("", "http://files.test/")]
    [TestCase(",  ,", "http://files.test/")]
    [TestCase("files.test", "http://myfiles.test/")]
    [TestCase("files.test:8080", "http://files.test/")]
    [TestCase("de.files.test", "http://files.test/")]
    [TestCase("10.0.0.0/8", "http://11.0.0.1/")]
    [TestCase("0.0.1", "http://10.0.0.1/")]
    [TestCase("10.1.2.3:8221", "http://10.1.2.3/")]
    [TestCase("10.0.0.0/8", "http://files.test/")]
    [TestCase("*.", "http://files.test/")]
    public void Others_are_asked_through_the_proxy(string hosts, string url)
    {
        var proxy = new EnvironmentProxy(new WebProxy(Proxy), hosts);

        Assert.That((proxy.IsBypassed(new Uri(url)), proxy.GetProxy(new Uri(url))), Is.EqualTo((false, Proxy)));
    }
}

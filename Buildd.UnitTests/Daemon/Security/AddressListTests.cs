using System.Net;
using Buildd.Daemon.Security;
using NUnit.Framework;

namespace Buildd.UnitTests.Daemon.Security;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class AddressListTests
{
    [TestCase("192.0.2.7", "192.0.2.7", true)]
    [TestCase("192.0.2.7", "192.0.2.8", false)]
    [TestCase("10.0.0.0/8", "10.255.255.255", true)]
    [TestCase("10.0.0.0/8", "11.0.0.0", false)]
    [TestCase("10.1.2.0/23", "10.1.3.255", true)]
    [TestCase("0.0.0.0/0", "203.0.113.1", true)]
    [TestCase("0.0.0.0/0", "2001:db8::1", false)]
    [TestCase("2001:db8::/32", "2001:db8:ffff::1", true)]
    [TestCase("2001:db8::/32", "2001:db9::1", false)]
    [TestCase("::1", "::1", true)]
    [TestCase("::/0", "2001:db8::1", true)]
    [TestCase("10.0.0.0/8", "::ffff:10.1.2.3", true)]
    [TestCase("10.0.0.0/8", "::ffff:11.1.2.3", false)]
    [TestCase("::ffff:10.0.0.0/104", "10.1.2.3", true)]
    [TestCase("::ffff:10.0.0.0/104", "::ffff:10.1.2.3", true)]
    [TestCase("::ffff:192.0.2.7", "192.0.2.7", true)]
    [TestCase("::ffff:192.0.2.7", "192.0.2.8", false)]
    [TestCase("fe80::/10", "fe80::1%2", true)]
    public void An_address_is_in_a_network_or_not(string network, string address, bool isIn)
    {
        Assert.That(AddressList.TryParse(network, out var parsed), Is.True);
        Assert.That(AddressList.Contains([parsed], IPAddress.Parse(address)), Is.EqualTo(isIn));
    }

    [TestCase("")]
    [TestCase("1")]
    [TestCase("10/8")]
    [TestCase("10.0.0/24")]
    [TestCase("10.0.0.1/8")]
    [TestCase("10.0.0.0/33")]
    [TestCase("10.0.0.0/-1")]
    [TestCase("10.0.0.0/ 8")]
    [TestCase("10.0.0.0/")]
    [TestCase("10.0.0.0/8/8")]
    [TestCase("::/129")]
    [TestCase("2001:db8::1/32")]
    [TestCase("::ffff:10.0.0.1/104")]
    [TestCase("[::1]")]
    [TestCase("fe80::1%eth0")]
    [TestCase("localhost")]
    [TestCase("10.0.0.0/99999999999")]
    public void What_is_no_network_is_refused(string text) => Assert.That(AddressList.TryParse(text, out _), Is.False);
}

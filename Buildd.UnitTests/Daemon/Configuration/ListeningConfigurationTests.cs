using System.Net;
using Buildd.Daemon.Configuration;
using NUnit.Framework;

namespace Buildd.UnitTests.Daemon.Configuration;

/// <summary>The address and the port to listen on.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ListeningConfigurationTests : DaemonConfigurationFixture
{
    [TestCase("localhost", "127.0.0.1")]
    [TestCase("0.0.0.0", "0.0.0.0")]
    [TestCase("192.0.2.1", "192.0.2.1")]
    [TestCase("::1", "::1")]
    public void The_address_to_listen_on_can_be_said(string host, string address) =>
        Assert.That(
            Read($"filecache = {_folder.Path}\nworkpath = {_folder.Path}\nbindport = 1\nbindhost = {host}").BindAddress,
            Is.EqualTo(IPAddress.Parse(address)));

    [TestCase("65536")]
    [TestCase("-1")]
    [TestCase("+1")]
    [TestCase("80 ,81")]
    [TestCase("http")]
    [TestCase("99999999999")]
    public void A_port_that_is_none_is_told(string port) =>
        Assert.That(
            () => Read($"filecache = {_folder.Path}\nworkpath = {_folder.Path}\nbindport = {port}"),
            Throws.TypeOf<ConfigurationException>().With.Message.Contains($"bindport is '{port}'"));

    [TestCase("8221:interface=127.0.0.1", "127.0.0.1:8221")]
    [TestCase("tcp:8221:interface=192.0.2.7", "192.0.2.7:8221")]
    [TestCase("8221:interface=localhost", "127.0.0.1:8221")]
    [TestCase(@"8221:interface=\:\:1", "[::1]:8221")]
    [TestCase("tcp:8221", "0.0.0.0:8221")]
    public void A_port_may_be_written_as_the_reference_s_server_reads_it(string port, string address)
    {
        var configuration = Read(Good($"bindport = {port}", port: null));

        Assert.That(new IPEndPoint(configuration.BindAddress, configuration.BindPort).ToString(), Is.EqualTo(address));
    }

    [Test]
    public void An_interface_goes_before_the_host_that_the_reference_never_reads() =>
        Assert.That(
            Read(Good("bindhost = 0.0.0.0\nbindport = 1:interface=127.0.0.1", port: null)).BindAddress, Is.EqualTo(IPAddress.Loopback));

    [TestCase("8221:interface=::1", @"the colons of IPv6 written '\:'")]
    [TestCase("8221:interface=eth0", "an IP address or localhost")]
    [TestCase("8221:interface=127.0.0.1:interface=127.0.0.2", "at most one 'interface=ADDRESS'")]
    [TestCase("8221:backlog=5", "at most one 'interface=ADDRESS'")]
    [TestCase("8221:", "at most one 'interface=ADDRESS'")]
    [TestCase("8221:interface=", "an IP address or localhost")]
    [TestCase("ssl:8221:interface=127.0.0.1", "at most one 'interface=ADDRESS'")]
    [TestCase("tcp", "a number from 0 to 65535")]
    [TestCase(":interface=127.0.0.1", "a number from 0 to 65535")]
    public void A_port_with_words_that_are_not_taken_is_told(string port, string reason) =>
        Assert.That(
            () => Read(Good($"bindport = {port}", port: null)),
            Throws.TypeOf<ConfigurationException>().With.Message.Contains($"bindport is '{port}'").And.Message.Contains(reason));

    [TestCase("1")]
    [TestCase("127.1")]
    [TestCase("")]
    [TestCase("builder.example")]
    public void An_address_that_is_none_is_told(string host) =>
        Assert.That(
            () => Read(Good($"bindhost = {host}")),
            Throws.TypeOf<ConfigurationException>().With.Message.Contains($"bindhost is '{host}'"));
}

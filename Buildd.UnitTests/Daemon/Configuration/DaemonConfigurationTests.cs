using System.Net;
using Buildd.Backends.BinaryPackage;
using Buildd.Daemon.Configuration;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Daemon.Configuration;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DaemonConfigurationTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    private static BinaryPackageOptions BinaryPackageOf(DaemonConfiguration configuration) =>
        configuration.Slave.Backends.OfType<BinaryPackageBackend>().Single().Options;

    [Test]
    public void What_is_not_said_has_a_default()
    {
        var configuration = Read($"filecache = {_folder.Path}\nworkpath = {_folder.Path}\nbindport = 8221");

        Assert.Multiple(() =>
        {
            Assert.That(configuration.BindAddress, Is.EqualTo(IPAddress.Any));
            Assert.That(configuration.BindPort, Is.EqualTo(8221));
            Assert.That(BinaryPackageOf(configuration).BuildUser, Is.EqualTo("sbuild"));
            Assert.That(BinaryPackageOf(configuration).SchrootDirectory, Is.EqualTo("/etc/schroot/chroot.d"));
            Assert.That(configuration.Slave.ArchitectureTag, Does.Match("^[a-z0-9]+$"));
            Assert.That(configuration.Slave.FileCacheDirectory, Is.EqualTo(_folder.Path));
            Assert.That(configuration.Slave.Version, Is.EqualTo("1.2"));
        });
    }

    [Test]
    public void Builds_are_made_in_HOME_where_nothing_else_is_said()
    {
        var home = Environment.GetEnvironmentVariable("HOME");
        Machine.Require(Directory.Exists(home), "a HOME");

        Assert.That(Read($"filecache = {_folder.Path}\nbindport = 1").Slave.WorkDirectory, Is.EqualTo(home));
    }

    [Test]
    public void What_is_said_is_taken()
    {
        var configuration = Read($"architecturetag = s390x\nfilecache = {_folder.Path}\nworkpath = {_folder.Path}\nbindport = 0\nbuilduser = buildd\nntphost = ntp.buildd\nsharepath = /usr/share/x");

        Assert.That(configuration.Slave.ArchitectureTag, Is.EqualTo("s390x"));
        Assert.That(configuration.Slave.WorkDirectory, Is.EqualTo(_folder.Path));
        Assert.That(configuration.BindPort, Is.Zero);
        Assert.That(BinaryPackageOf(configuration).BuildUser, Is.EqualTo("buildd"));
    }

    [TestCase("localhost", "127.0.0.1")]
    [TestCase("0.0.0.0", "0.0.0.0")]
    [TestCase("192.0.2.1", "192.0.2.1")]
    [TestCase("::1", "::1")]
    public void The_address_to_listen_on_can_be_said(string host, string address) =>
        Assert.That(
            Read($"filecache = {_folder.Path}\nworkpath = {_folder.Path}\nbindport = 1\nbindhost = {host}").BindAddress,
            Is.EqualTo(IPAddress.Parse(address)));

    [Test]
    public void Every_mistake_is_told_at_once()
    {
        var message = Assert.Throws<ConfigurationException>(() => Read(
            $"architecturetag =\nfilecache = {_folder["none"]}\nworkpath = {_folder["neither"]}\nbindhost = builder.example\nbindport = 8221:interface=::1"))!.Message;

        Assert.That(message.Split("\n  "), Has.Length.EqualTo(6));
        Assert.That(message, Does.StartWith("the configuration file 'test.conf' can't be used:")
            .And.Contain("architecture tag").And.Contain(_folder["none"]).And.Contain(_folder["neither"])
            .And.Contain("bindhost is 'builder.example'").And.Contain("bindport is '8221:interface=::1'"));
    }

    [Test]
    public void What_is_missing_is_told_once()
    {
        var message = Assert.Throws<ConfigurationException>(() => Read($"workpath = {_folder.Path}"))!.Message;

        Assert.That(message.Split("\n  ").Skip(1), Is.EqualTo(new[] { "[builder] filecache is missing", "[builder] bindport is missing" }));
    }

    [Test]
    public void The_section_is_needed() =>
        Assert.That(
            () => DaemonConfiguration.Read("test.conf", IniFile.Parse("test.conf", "[slave]\nbindport = 1"), "1.2"),
            Throws.TypeOf<ConfigurationException>().With.Message.Contains("there is no section [builder]"));

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

    private static DaemonConfiguration Read(string builder) =>
        DaemonConfiguration.Read("test.conf", IniFile.Parse("test.conf", "[builder]\n" + builder), "1.2");
}

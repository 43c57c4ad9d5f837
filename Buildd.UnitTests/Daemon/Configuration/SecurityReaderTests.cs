using System.Net;
using Buildd.Daemon.Configuration;
using Buildd.Daemon.Security;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Files;
using Buildd.Testing.Servers;
using NUnit.Framework;

namespace Buildd.UnitTests.Daemon.Configuration;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SecurityReaderTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void Nothing_is_asked_of_a_client_unless_it_is_said()
    {
        foreach (var configuration in (DaemonConfiguration[])[Read(""), Read("[security]\n")])
        {
            Assert.Multiple(() =>
            {
                Assert.That(configuration.Security.Tls, Is.Null);
                Assert.That(configuration.Security.TokenFile, Is.Null);
                Assert.That(configuration.Security.Allow, Is.Empty);
                Assert.That(configuration.Slave.Cache.AllowedHosts, Is.Empty);
                Assert.That(configuration.Slave.Endpoints.MaxBodyBytes, Is.EqualTo(XmlRpcLimits.MaxBodyBytes));
                Assert.That(
                    string.Join('\n', configuration.Describe()),
                    Does.Contain("TLS: no\nclients need: nothing\nfiles are fetched from: everywhere"));
            });
        }
    }

    [Test]
    public void What_is_said_is_taken()
    {
        using var certificates = new TestCertificates(_folder["tls"]);
        var (certificate, key) = certificates.Sign("server", TestCertificates.ServerUse);
        File.WriteAllText(_folder["token"], "0123456789abcdef");
        File.SetUnixFileMode(_folder["token"], UnixFileMode.UserRead);

        var configuration = Read(
            $"""
            [security]
            tls-certificate = {certificate}
            tls-key = {key}
            client-ca = {certificates.AuthorityPath}
            token-file = {_folder["token"]}
            allow = 10.0.0.0/8, 192.0.2.7
                ::1
            fetch-hosts = archive.example *.mirror.example:8080,[2001:db8::1]
            max-connections = 50
            max-body = 1M
            min-rate = 1K
            slow-timeout = 2m
            """);

        Assert.Multiple(() =>
        {
            Assert.That(configuration.Security with { Allow = [] }, Is.EqualTo(new SecurityOptions
            {
                Tls = new TlsOptions { CertificatePath = certificate, KeyPath = key, ClientCaPath = certificates.AuthorityPath },
                TokenFile = _folder["token"],
                Allow = [],
                MaxConnections = 50,
                MinBytesPerSecond = 1024,
                SlowTimeout = TimeSpan.FromMinutes(2),
            }));
            Assert.That(configuration.Security.Allow, Is.EqualTo(new[]
            {
                IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("192.0.2.7/32"), IPNetwork.Parse("::1/128"),
            }));
            Assert.That(
                configuration.Slave.Cache.AllowedHosts, Is.EqualTo(new[] { "archive.example", "*.mirror.example:8080", "[2001:db8::1]" }));
            Assert.That(configuration.Slave.Endpoints.MaxBodyBytes, Is.EqualTo(1024 * 1024));
            Assert.That(configuration.Warnings, Is.Empty);
            Assert.That(string.Join('\n', configuration.Describe()), Does.Contain($"TLS: {certificate}")
                .And.Contain(
                    $"an address in 10.0.0.0/8, 192.0.2.7/32, ::1/128 and a certificate signed by {certificates.AuthorityPath} and the "
                        + "token in")
                .And.Contain("fetched from: archive.example, ").And.Not.Contain("0123456789abcdef"));
        });
    }

    [TestCase("tls-certificate = /x.pem", "tls-certificate needs tls-key beside it")]
    [TestCase("tls-key = /x.key", "tls-key needs tls-certificate beside it")]
    [TestCase("client-ca = /ca.pem", "client-ca needs tls-certificate and tls-key beside it")]
    [TestCase("tls-certificate = x.pem", "tls-certificate is 'x.pem'; it has to be a path from the root on")]
    [TestCase("tls-certificate =", "tls-certificate is ''; it has to be a path from the root on")]
    [TestCase("token-file = /nowhere/token", "token-file: there is no file '/nowhere/token'")]
    [TestCase("allow = 10.0.0.1/8", "allow is '10.0.0.1/8'; it has to be IP addresses and networks")]
    [TestCase("allow = ", "allow is empty; leave it out to allow all")]
    [TestCase("fetch-hosts = ,", "fetch-hosts is empty; leave it out to allow all")]
    [TestCase("fetch-hosts = http://archive.example", "fetch-hosts is 'http://archive.example'; it has to be a host name")]
    [TestCase("max-connections = 0", "max-connections is '0'; it has to be a number from 1 to 1000000")]
    [TestCase("max-connections = many", "max-connections is 'many'; it has to be a number from")]
    [TestCase("max-body = 1G", "max-body is '1G'; it has to be from 4096 to 16777216 bytes")]
    [TestCase("max-body = 1", "max-body is '1'; it has to be from 4096")]
    [TestCase("min-rate = 2M", "min-rate is '2M'; it has to be from 0 to 1048576 bytes")]
    [TestCase("min-rate = fast", "min-rate is 'fast'; it has to be a number of bytes")]
    [TestCase("slow-timeout = 1", "slow-timeout is '1'; it has to be from 2 to 3600 seconds")]
    public void A_mistake_is_told_with_its_key(string line, string mistake) =>
        Assert.That(
            () => Read($"[security]\n{line}\n"),
            Throws.TypeOf<ConfigurationException>().With.Message.Contains("can't be used:\n  [security] " + mistake));

    [Test]
    public void Every_mistake_is_told_at_once()
    {
        var message = Assert.Throws<ConfigurationException>(
            () => Read("metrics = maybe\n[security]\nallow = x y\ntoken-file = /nowhere\nmax-body = ?\n"))!.Message;

        Assert.That(message.Split("\n  "), Has.Length.EqualTo(6));
    }

    [Test]
    public void A_key_of_the_section_that_nobody_reads_is_told() =>
        Assert.That(Read("[security]\nalow = 10.0.0.0/8\nbindport = 1\n").Warnings, Has.Count.EqualTo(2)
            .And.Some.Contains("nothing reads the key 'alow' of [security]")
            .And.Some.Contains("nothing reads the key 'bindport' of [security]"));

    [TestCase("0.0.0.0", 1)]
    [TestCase("127.0.0.1", 0)]
    [TestCase("::1", 0)]
    public void A_token_that_can_be_read_on_the_way_is_warned_of(string host, int warnings)
    {
        File.WriteAllText(_folder["token"], "0123456789abcdef");
        File.SetUnixFileMode(_folder["token"], UnixFileMode.UserRead);

        Assert.That(
            Read($"bindhost = {host}\n[security]\ntoken-file = {_folder["token"]}\n").Warnings,
            warnings == 0 ? Is.Empty : Has.One.Contains("token-file without tls-certificate: the token can be read on the way"));
    }

    private DaemonConfiguration Read(string more) => DaemonConfiguration.Read(
        "test.conf",
        IniFile.Parse("test.conf", $"[builder]\nfilecache = {_folder.Path}\nworkpath = {_folder.Path}\nbindport = 0\n{more}"),
        "1.2");
}

using Buildd.Daemon.Configuration;
using Buildd.Daemon.Security;
using Buildd.Testing.Files;
using Buildd.Testing.Servers;
using Buildd.UnitTests.Testing;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Buildd.UnitTests.Daemon.Security;

/// <summary>What can be wrong with certificates and keys, and that they can be changed while the slave runs.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SecretFilesTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly TestCertificates _certificates;
    private readonly RecordingLogger<SecretFiles> _logger = new();

    public SecretFilesTests() => _certificates = new TestCertificates(_folder.Path);

    public void Dispose()
    {
        _certificates.Dispose();
        _folder.Dispose();
    }

    [Test]
    public void Good_files_are_taken()
    {
        using var files = Open(Good());

        Assert.That(files.Tls!.HandshakeOptions().ClientCertificateRequired, Is.True);
        Assert.That(files.Tls.HandshakeOptions().ServerCertificateContext!.TargetCertificate.Subject, Is.EqualTo("CN=server"));
        Assert.That(files.Token, Is.Null);
    }

    [Test]
    public void No_files_are_needed()
    {
        using var files = new SecretFiles(new SecurityOptions(), TimeProvider.System, _logger);

        Assert.That((files.Tls, files.Token), Is.EqualTo(((TlsCertificates?)null, (BearerToken?)null)));
    }

    [Test]
    public void Without_an_authority_no_client_is_asked_for_a_certificate()
    {
        using var files = Open(Good() with { ClientCaPath = null });

        Assert.That(files.Tls!.HandshakeOptions().ClientCertificateRequired, Is.False);
    }

    [Test]
    public void An_expired_certificate_is_told()
    {
        var (certificate, key) = _certificates.Sign("old", TestCertificates.ServerUse, -9, -2);

        RequireMistakes(
            new TlsOptions { CertificatePath = certificate, KeyPath = key }, "tls-certificate: CN=old in '.*old.pem' has expired at 2");
    }

    [Test]
    public void A_certificate_of_tomorrow_is_told()
    {
        var (certificate, key) = _certificates.Sign("new", TestCertificates.ServerUse, 2, 5);

        RequireMistakes(
            new TlsOptions { CertificatePath = certificate, KeyPath = key }, "tls-certificate: CN=new in '.*new.pem' is good only from 2");
    }

    [Test]
    public void A_key_of_another_certificate_is_told() =>
        RequireMistakes(
            Good() with { KeyPath = _certificates.Sign("other", TestCertificates.ServerUse).Key },
            "tls-key: the key in '.*other.key' is damaged, or does not belong to the certificate in '.*server.pem'");

    [Test]
    public void A_key_that_everybody_can_read_is_told()
    {
        var good = Good();
        File.SetUnixFileMode(good.KeyPath, (UnixFileMode)0b110_100_100);

        RequireMistakes(good, "tls-key: everybody on this machine may read or write '.*server.key': chmod o= it");
    }

    [TestCase("nothing of the kind", "tls-key: '.*bad' has no private key in PEM form")]
    [TestCase(
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n", "tls-key: the key in '.*bad' is encrypted")]
    [TestCase("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", "tls-key: the key in '.*bad' is damaged")]
    [TestCase("-----BEGIN PRIVATE KEY-----", "tls-key: the key in '.*bad' is damaged")]
    public void A_key_that_is_none_is_told(string content, string mistake) =>
        RequireMistakes(Good() with { KeyPath = Write("bad", content) }, mistake);

    [TestCase("nothing of the kind", "' has no certificate in PEM form")]
    [TestCase("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "a certificate in '.*bad' is damaged: ")]
    public void A_certificate_that_is_none_is_told(string content, string mistake)
    {
        var path = Write("bad", content);

        RequireMistakes(Good() with { CertificatePath = path }, "tls-certificate: .*" + mistake);
        RequireMistakes(Good() with { ClientCaPath = path }, "client-ca: .*" + mistake);
    }

    [Test]
    public void An_authority_that_may_not_sign_is_told() =>
        RequireMistakes(
            Good() with { ClientCaPath = _certificates.Sign("leaf", TestCertificates.ClientUse).Certificate },
            "client-ca: CN=leaf in '.*leaf.pem' is no authority: it may not sign certificates");

    [Test]
    public void Everything_that_is_wrong_is_told_at_once()
    {
        var options = new SecurityOptions
        {
            Tls = new TlsOptions { CertificatePath = _folder["a"], KeyPath = _folder["b"], ClientCaPath = _folder["c"] },
            TokenFile = _folder["d"],
        };

        var message = Assert.Throws<ConfigurationException>(() => new SecretFiles(options, TimeProvider.System, _logger))!.Message;

        Assert.That(message.Split("\n  ").Skip(1), Is.EqualTo(new[]
        {
            $"tls-certificate: there is no file '{_folder["a"]}'", $"tls-key: there is no file '{_folder["b"]}'",
            $"client-ca: there is no file '{_folder["c"]}'", $"token-file: there is no file '{_folder["d"]}'",
        }));
    }

    [Test]
    public void New_files_are_taken_when_they_are_read_again()
    {
        using var files = Open(Good());
        var before = files.Tls!.HandshakeOptions().ServerCertificateContext!.TargetCertificate.SerialNumber;

        Good();
        files.Reload();

        Assert.That(files.Tls!.HandshakeOptions().ServerCertificateContext!.TargetCertificate.SerialNumber, Is.Not.EqualTo(before));
        Assert.That(_logger.Entries.Single().Level, Is.EqualTo(LogLevel.Information));
    }

    [Test]
    public void Bad_files_are_told_and_not_taken_when_they_are_read_again()
    {
        var good = Good();
        using var files = Open(good);
        var before = files.Tls;

        File.WriteAllText(good.CertificatePath, "half a cert");
        files.Reload();

        Assert.That(files.Tls, Is.SameAs(before));
        Assert.That(_logger.Entries.Single().Level, Is.EqualTo(LogLevel.Error));
        Assert.That(_logger.Entries.Single().Message, Does.Contain("tls-certificate: ").And.Contain("has no certificate"));
    }

    private TlsOptions Good()
    {
        var (certificate, key) = _certificates.Sign("server", TestCertificates.ServerUse);
        return new TlsOptions { CertificatePath = certificate, KeyPath = key, ClientCaPath = _certificates.AuthorityPath };
    }

    private string Write(string name, string content)
    {
        File.WriteAllText(_folder[name], content);
        File.SetUnixFileMode(_folder[name], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return _folder[name];
    }

    private SecretFiles Open(TlsOptions tls) => new(new SecurityOptions { Tls = tls }, TimeProvider.System, _logger);

    private void RequireMistakes(TlsOptions tls, string pattern) =>
        Assert.That(() => Open(tls), Throws.TypeOf<ConfigurationException>().With.Message.Matches("can't be used:\n  " + pattern));
}

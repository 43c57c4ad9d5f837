using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Buildd.Testing.Servers;

/// <summary>An authority of a test's own, and the certificates that it signs, as files in PEM form.</summary>
public sealed class TestCertificates : IDisposable
{
    public const string ServerUse = "1.3.6.1.5.5.7.3.1";
    public const string ClientUse = "1.3.6.1.5.5.7.3.2";

    private readonly string _directory;
    private readonly X509Certificate2 _authority;

    public TestCertificates(string directory)
    {
        _directory = Directory.CreateDirectory(directory).FullName;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test authority " + Guid.NewGuid(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-10), DateTimeOffset.UtcNow.AddDays(10));
        AuthorityPath = Path.Combine(_directory, "ca.pem");
        File.WriteAllText(AuthorityPath, _authority.ExportCertificatePem());
    }

    /// <summary>The authority's certificate, without its key.</summary>
    public string AuthorityPath { get; }

    public X509Certificate2 Authority => X509CertificateLoader.LoadCertificate(_authority.RawData);

    /// <summary>Signs a certificate for 127.0.0.1, ::1 and localhost, and writes <c>NAME.pem</c> and <c>NAME.key</c>.</summary>
    /// <param name="name">The files' name and the certificate's.</param>
    /// <param name="use">What it may be used for.</param>
    /// <param name="firstDay">The first day that it is good for, from today.</param>
    /// <param name="lastDay">The last day.</param>
    public (string Certificate, string Key) Sign(string name, string use, int firstDay = -1, int lastDay = 1)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        names.AddIpAddress(System.Net.IPAddress.IPv6Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_authority, true, false));
        using var signed = request.Create(
            _authority, DateTimeOffset.UtcNow.AddDays(firstDay), DateTimeOffset.UtcNow.AddDays(lastDay), RandomNumberGenerator.GetBytes(8));
        return Write(name, signed, key);
    }

    /// <summary>A certificate that nobody else has signed.</summary>
    public (string Certificate, string Key) SignItself(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var signed = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return Write(name, signed, key);
    }

    public void Dispose() => _authority.Dispose();

    private (string Certificate, string Key) Write(string name, X509Certificate2 signed, ECDsa key)
    {
        var (certificate, keyPath) = (Path.Combine(_directory, name + ".pem"), Path.Combine(_directory, name + ".key"));
        File.WriteAllText(certificate, signed.ExportCertificatePem());
        File.Delete(keyPath);
        File.WriteAllText(keyPath, key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(keyPath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return (certificate, keyPath);
    }
}

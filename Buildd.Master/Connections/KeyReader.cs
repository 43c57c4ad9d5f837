using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Buildd.Linux.Files;

namespace Buildd.Master.Connections;

/// <summary>
/// Reads the files of <see cref="SlaveKeys"/>; every method throws <see cref="SlaveKeyException"/> for a file that can't be used.
/// </summary>
internal static class KeyReader
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1"; // id-kp-serverAuth, RFC 5280 section 4.2.1.12

    /// <summary>Reads a token.</summary>
    public static string ReadToken(string path)
    {
        var token = Read(path, isSecret: true).Trim('\n', '\r', ' ', '\t');
        return token.Length > 0 && !token.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? token
            : throw new SlaveKeyException($"'{path}' has to hold one token and nothing else: letters, digits and signs, without blanks.");
    }

    /// <summary>Reads certificates, and makes of them what a handshake goes by.</summary>
    public static SslClientAuthenticationOptions ReadCertificates(SlaveKeys keys, DateTimeOffset now)
    {
        var options = new SslClientAuthenticationOptions();
        if (keys.Certificate is { } certificate)
        {
            var chain = ReadCertificates(certificate, now);
            var own = Join(chain[0], certificate, keys.Key!);
            chain.RemoveAt(0);
            options.ClientCertificateContext = SslStreamCertificateContext.Create(own, chain, offline: true);
        }

        if (keys.Authorities is { } authorities)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck, // would ask servers that a slave's certificate names
                DisableCertificateDownloads = true,
            };
            policy.CustomTrustStore.AddRange(ReadCertificates(authorities, now));
            policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
            options.CertificateChainPolicy = policy;
        }

        return options;
    }

    private static X509Certificate2Collection ReadCertificates(string path, DateTimeOffset now)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(Read(path, isSecret: false));
        }
        catch (CryptographicException exception)
        {
            throw new SlaveKeyException($"A certificate in '{path}' is damaged: {exception.Message}", exception);
        }

        if (certificates.Count == 0)
            throw new SlaveKeyException($"'{path}' has no certificate in PEM form (-----BEGIN CERTIFICATE-----).");
        if (certificates.FirstOrDefault(certificate => certificate.NotAfter < now.LocalDateTime) is { } expired)
            throw new SlaveKeyException(string.Create(
                CultureInfo.InvariantCulture,
                $"{expired.Subject} in '{path}' has expired at {expired.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm} UTC."));
        return certificates;
    }

    private static X509Certificate2 Join(X509Certificate2 certificate, string path, string keyPath)
    {
        var key = Read(keyPath, isSecret: true);
        if (!key.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
            throw new SlaveKeyException($"'{keyPath}' has no private key in PEM form (-----BEGIN PRIVATE KEY-----).");
        if (key.Contains("BEGIN ENCRYPTED PRIVATE KEY", StringComparison.Ordinal))
            throw new SlaveKeyException($"The key in '{keyPath}' is encrypted, and nobody is there to type a password.");
        try
        {
            return X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), key);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new SlaveKeyException(
                $"The key in '{keyPath}' is damaged, or does not belong to the certificate in '{path}'.", exception);
        }
    }

    private static string Read(string path, bool isSecret)
    {
        try
        {
            return SecretText.Read(path, isSecret);
        }
        catch (IOException exception)
        {
            throw new SlaveKeyException($"A key to slaves can't be used: {exception.Message}.", exception);
        }
    }
}

using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Buildd.Daemon.Security;

/// <summary>The certificates as they were read: immutable, and replaced as a whole.</summary>
internal sealed class TlsCertificates
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2"; // id-kp-clientAuth, RFC 5280 section 4.2.1.12

    private readonly SslStreamCertificateContext _own;
    private readonly X509Certificate2Collection? _authorities;

    private TlsCertificates(SslStreamCertificateContext own, X509Certificate2Collection? authorities)
    {
        _own = own;
        _authorities = authorities;
    }

    /// <summary>Reads and checks the files; null when they can't be used, and then <paramref name="mistakes"/> has every reason.</summary>
    internal static TlsCertificates? Read(TlsOptions options, DateTimeOffset now, ICollection<string> mistakes)
    {
        var before = mistakes.Count;
        var chain = ReadCertificates(SecurityKeys.TlsCertificate, options.CertificatePath, mistakes);
        if (chain is not null)
            CheckTime(SecurityKeys.TlsCertificate, options.CertificatePath, chain[0], now, mistakes);
        var key = SecretFile.Read(SecurityKeys.TlsKey, options.KeyPath, isSecret: true, mistakes);
        var own = chain is null || key is null ? null : Join(options, chain[0], key, mistakes);
        var authorities = options.ClientCaPath is null ? null : ReadCertificates(SecurityKeys.ClientCa, options.ClientCaPath, mistakes);
        foreach (var authority in authorities ?? [])
        {
            if (authority.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is not { CertificateAuthority: true })
                mistakes.Add(
                    $"{SecurityKeys.ClientCa}: {authority.Subject} in '{options.ClientCaPath}' is no authority: it may not sign "
                        + "certificates");
            CheckTime(SecurityKeys.ClientCa, options.ClientCaPath!, authority, now, mistakes);
        }

        if (mistakes.Count > before)
            return null;
        chain!.RemoveAt(0);
        return new TlsCertificates(SslStreamCertificateContext.Create(own!, chain, offline: true), authorities);
    }

    /// <summary>What a handshake goes by. HTTP/2 is not offered: the protocol's clients speak HTTP/1.</summary>
    internal SslServerAuthenticationOptions HandshakeOptions() => new()
    {
        ServerCertificateContext = _own,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ApplicationProtocols = [SslApplicationProtocol.Http11],
        AllowRenegotiation = false,
        ClientCertificateRequired = _authorities is not null,
        CertificateChainPolicy = _authorities is null ? null : ClientPolicy(_authorities),
    };

    private static X509ChainPolicy ClientPolicy(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust, // no authority of the machine's own may vouch for a client
            RevocationMode = X509RevocationMode.NoCheck, // would ask servers that a client's certificate names
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(authorities);
        policy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        return policy;
    }

    private static X509Certificate2Collection? ReadCertificates(string key, string path, ICollection<string> mistakes)
    {
        if (SecretFile.Read(key, path, isSecret: false, mistakes) is not { } text)
            return null;
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(text);
        }
        catch (CryptographicException e)
        {
            mistakes.Add($"{key}: a certificate in '{path}' is damaged: {e.Message}");
            return null;
        }

        if (certificates.Count > 0)
            return certificates;
        mistakes.Add($"{key}: '{path}' has no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
        return null;
    }

    private static X509Certificate2? Join(TlsOptions options, X509Certificate2 certificate, string key, ICollection<string> mistakes)
    {
        if (!key.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
            mistakes.Add($"{SecurityKeys.TlsKey}: '{options.KeyPath}' has no private key in PEM form (-----BEGIN PRIVATE KEY-----)");
        else if (key.Contains("BEGIN ENCRYPTED PRIVATE KEY", StringComparison.Ordinal))
            mistakes.Add($"{SecurityKeys.TlsKey}: the key in '{options.KeyPath}' is encrypted, and nobody is there to type a password");
        else
        {
            try
            {
                return X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), key);
            }
            catch (Exception e) when (e is CryptographicException or ArgumentException)
            {
                mistakes.Add(
                    $"{SecurityKeys.TlsKey}: the key in '{options.KeyPath}' is damaged, or does not belong to the certificate in "
                        + $"'{options.CertificatePath}'");
            }
        }

        return null;
    }

    private static void CheckTime(string key, string path, X509Certificate2 certificate, DateTimeOffset now, ICollection<string> mistakes)
    {
        if (certificate.NotAfter < now.LocalDateTime)
            mistakes.Add(
                $"{key}: {certificate.Subject} in '{path}' has expired at {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm} UTC");
        else if (certificate.NotBefore > now.LocalDateTime)
            mistakes.Add(
                $"{key}: {certificate.Subject} in '{path}' is good only from {certificate.NotBefore.ToUniversalTime():yyyy-MM-dd HH:mm} "
                    + "UTC on");
    }
}

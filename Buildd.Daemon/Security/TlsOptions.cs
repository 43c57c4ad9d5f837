namespace Buildd.Daemon.Security;

/// <summary>The files that TLS is made of, all in PEM form. They are read at the start and again on SIGHUP.</summary>
public sealed record TlsOptions
{
    /// <summary>The slave's certificate, and behind it those that lead to its authority. Absolute.</summary>
    public required string CertificatePath { get; init; }

    /// <summary>The certificate's private key, not encrypted, and not readable by everybody. Absolute.</summary>
    public required string KeyPath { get; init; }

    /// <summary>
    /// The authorities of clients: a client then needs a certificate that one of them has signed. Null, the default, asks no
    /// client for one. Absolute.
    /// </summary>
    public string? ClientCaPath { get; init; }
}

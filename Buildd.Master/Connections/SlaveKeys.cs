namespace Buildd.Master.Connections;

/// <summary>
/// The files with the master's keys to slaves that are guarded; none by default, for slaves that ask for nothing. They are read again when
/// they change. Files with secrets are refused when everybody on the machine may read them.
/// </summary>
public sealed record SlaveKeys
{
    /// <summary>
    /// The file with the token that slaves want (<c>Authorization: Bearer</c>), one line. It is sent to every slave whose builder has no
    /// other (<see cref="Builders.Builder.TokenFile"/>) and whose address has no user and password in it. Null, the default, for none.
    /// </summary>
    public string? TokenFile { get; init; }

    /// <summary>
    /// The file with the certificate that is shown to slaves at https addresses, in PEM form, behind it those between it and its authority.
    /// Null, the default, for none.
    /// </summary>
    public string? Certificate { get; init; }

    /// <summary>The file with the certificate's key, in PEM form, not encrypted; there whenever <see cref="Certificate"/> is.</summary>
    public string? Key { get; init; }

    /// <summary>
    /// The file with the certificates of the authorities that sign those of slaves, in PEM form; others, the system's too, then count for
    /// nothing. Null, the default, for the system's.
    /// </summary>
    public string? Authorities { get; init; }

    internal bool HasCertificates => Certificate is not null || Key is not null || Authorities is not null;
}

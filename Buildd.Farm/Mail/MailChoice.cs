using System.Security.Cryptography.X509Certificates;
using Buildd.Linux.Files;
using Buildd.Master.Mail;

namespace Buildd.Farm.Mail;

/// <summary>The field Mail: a program or a server that takes mail.</summary>
internal sealed record MailChoice
{
    /// <summary>The beginning of addresses to which the way is not encrypted.</summary>
    internal const string PlainScheme = "smtp";

    private const int SmtpPort = 25;

    /// <summary>Each way to reach a server: what its address begins with, the port unless one is named, whether it is encrypted.</summary>
    private static readonly (string Scheme, int Port, MailSecurity Security)[] Ways =
    [
        (PlainScheme, SmtpPort, MailSecurity.None),
        ("smtp+tls", 587, MailSecurity.StartTls),
        ("smtps", 465, MailSecurity.Tls),
    ];

    /// <summary>A program that takes mail as sendmail does.</summary>
    internal string? Program { get; init; }

    /// <summary>
    /// <c>smtp://HOST[:PORT]</c>, <c>smtp+tls://[USER@]HOST[:PORT]</c> for STARTTLS, <c>smtps://…</c> for TLS from the first byte on.
    /// </summary>
    internal Uri? Server { get; init; }

    /// <summary>The beginnings of addresses that are understood.</summary>
    internal static IEnumerable<string> Schemes => Ways.Select(way => way.Scheme);

    /// <summary>Makes what hands mail over.</summary>
    /// <param name="passwordFile">The file with the password of the server's user; null for none.</param>
    /// <param name="authoritiesFile">
    /// The file with those who may have signed the server's certificate; null for whom the system trusts.
    /// </param>
    /// <exception cref="IOException">One of the files can't be read, or the password can be by everybody on the machine.</exception>
    internal IMailTransport MakeTransport(string? passwordFile, string? authoritiesFile)
    {
        if (Program is { } program)
            return new SendmailTransport(program);
        var url = Server!;
        var (_, port, security) = Array.Find(Ways, way => way.Scheme == url.Scheme);
        var authorities = new X509Certificate2Collection();
        if (authoritiesFile is not null)
            authorities.ImportFromPemFile(authoritiesFile);
        return new SmtpTransport(new SmtpOptions
        {
            Host = url.DnsSafeHost,
            Port = url.Port > 0 ? url.Port : port,
            Security = security,
            Authorities = authorities,
            User = url.UserInfo.Length > 0 ? Uri.UnescapeDataString(url.UserInfo) : null,
            Password = passwordFile is null ? null : SecretText.Read(passwordFile).TrimEnd('\r', '\n'),
        });
    }
}

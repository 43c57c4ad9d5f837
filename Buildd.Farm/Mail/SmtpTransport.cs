using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Buildd.Master.Mail;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using IMailTransport = Buildd.Master.Mail.IMailTransport;

namespace Buildd.Farm.Mail;

/// <summary>Whether the way to a mail server is encrypted.</summary>
internal enum MailSecurity
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>From a command on (STARTTLS); a server that can't is not given any mail.</summary>
    StartTls,

    /// <summary>From the first byte on.</summary>
    Tls,
}

/// <summary>Where and how mail is handed over by SMTP.</summary>
internal sealed record SmtpOptions
{
    /// <summary>The server.</summary>
    internal required string Host { get; init; }

    /// <summary>The port.</summary>
    internal required int Port { get; init; }

    /// <summary>Whether the way is encrypted; it is not by default.</summary>
    internal MailSecurity Security { get; init; }

    /// <summary>Who may have signed the server's certificate, beside those whom the system trusts; nobody by default.</summary>
    internal X509Certificate2Collection Authorities { get; init; } = [];

    /// <summary>The user to log in as; null, the default, for nobody.</summary>
    internal string? User { get; init; }

    /// <summary>The user's password.</summary>
    internal string? Password { get; init; }

    /// <summary>How long handing over one mail may take; default 1 minute.</summary>
    internal TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Without the password.</summary>
    public override string ToString() => $"{Host}:{Port}";
}

/// <summary>Hands mail over by SMTP, a connection for each. Any thread may call.</summary>
/// <param name="options">Where.</param>
/// <param name="time">The clock; the system's by default.</param>
internal sealed class SmtpTransport(SmtpOptions options, TimeProvider? time = null) : IMailTransport
{
    /// <summary>The use that a server's certificate must be for (RFC 5280, 4.2.1.12).</summary>
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <inheritdoc/>
    public async Task SendAsync(OutgoingMail mail, CancellationToken cancellationToken = default)
    {
        using var message = MailMessages.Make(mail);
        using var deadline = new CancellationTokenSource(options.Timeout, time ?? TimeProvider.System);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        using var client = new SmtpClient
        {
            // A server that says who signed a certificate and can't be asked whether it was taken back would hold up all mail.
            CheckCertificateRevocation = false,
            ServerCertificateValidationCallback = (_, certificate, sent, errors) => IsTrusted(certificate, sent, errors),
        };
        try
        {
            await client.ConnectAsync(
                options.Host,
                options.Port,
                options.Security switch
                {
                    MailSecurity.Tls => SecureSocketOptions.SslOnConnect,
                    MailSecurity.StartTls => SecureSocketOptions.StartTls,
                    _ => SecureSocketOptions.None,
                },
                stop.Token);
            if (options.User is not null)
                await client.AuthenticateAsync(options.User, options.Password ?? "", stop.Token);
            await client.SendAsync(message, MailMessages.Address(mail.From), [MailMessages.Address(mail.To)], stop.Token);
        }
        catch (Exception e) when (e is CommandException or ProtocolException or AuthenticationException or SslHandshakeException
            or NotSupportedException or IOException or SocketException)
        {
            throw new MailException($"{options} did not take the mail to {mail.To}", e) { MayPass = MayPass(e) };
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MailException($"{options} did not take the mail to {mail.To} within {options.Timeout.TotalSeconds:0} s", e)
            {
                MayPass = true,
            };
        }

        try
        {
            await client.DisconnectAsync(quit: true, stop.Token);
        }
        catch (Exception e) when (e is CommandException or ProtocolException or IOException or SocketException
            or OperationCanceledException)
        {
            // It has the mail; how it takes its leave changes nothing.
        }
    }

    /// <summary>
    /// Whether the same may go well later: a server that is away, hangs up, or answers with a code of 4yz (RFC 5321, 4.2.1). A
    /// certificate may be renewed too. What is answered with 5yz, a wrong password and a server without STARTTLS are for somebody to mend.
    /// </summary>
    private static bool MayPass(Exception exception) => exception switch
    {
        SmtpCommandException command => (int)command.StatusCode is >= 400 and < 500,
        CommandException or AuthenticationException or NotSupportedException => false,
        _ => true,
    };

    /// <summary>Whether the certificate holds for the system, or is this server's and signed by who is named for that.</summary>
    private bool IsTrusted(X509Certificate? certificate, X509Chain? sent, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
            return true;
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || options.Authorities.Count == 0 || certificate is null)
            return false;
        using var chain = new X509Chain
        {
            ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck },
        };
        chain.ChainPolicy.CustomTrustStore.AddRange(options.Authorities);
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        if (sent is not null) // with the certificates between, which the server has sent
            chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        using var own = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return chain.Build(own);
    }
}

using System.Net;
using System.Net.Mail;

namespace Buildd.Master.Mail;

/// <summary>Where and how mail is handed over by SMTP.</summary>
public sealed record SmtpOptions
{
    /// <summary>The server; <c>localhost</c> by default.</summary>
    public string Host { get; init; } = "localhost";

    /// <summary>The port; 25 by default. A server that wants a password mostly listens at 587.</summary>
    public int Port { get; init; } = 25;

    /// <summary>Whether to insist on TLS, by STARTTLS; false by default. A server that speaks TLS from the first byte on (465) is not supported.</summary>
    public bool UsesTls { get; init; }

    /// <summary>The user to log in as; null, the default, for nobody.</summary>
    public string? User { get; init; }

    /// <summary>The user's password.</summary>
    public string? Password { get; init; }

    /// <summary>How long handing over one mail may take; default 1 minute.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Without the password.</summary>
    public override string ToString() => $"{Host}:{Port}";
}

/// <summary>Hands mail over by SMTP, a connection for each.</summary>
/// <param name="options">Where.</param>
/// <param name="time">The clock; the system's by default.</param>
public sealed class SmtpTransport(SmtpOptions options, TimeProvider? time = null) : IMailTransport
{
    /// <inheritdoc/>
    public async Task SendAsync(OutgoingMail mail, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(mail);
        using var message = MailMessages.Make(mail);
        using var client = new SmtpClient(options.Host, options.Port)
        {
            EnableSsl = options.UsesTls,
            Credentials = options.User is null ? null : new NetworkCredential(options.User, options.Password),
        };
        using var deadline = new CancellationTokenSource(options.Timeout, time ?? TimeProvider.System);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            await client.SendMailAsync(message, stop.Token).ConfigureAwait(false);
        }
        catch (SmtpException e)
        {
            throw new MailException($"{options} did not take the mail to {mail.To}", e.InnerException is { } inner && inner is not SmtpException ? inner : e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MailException($"{options} did not take the mail to {mail.To} within {options.Timeout.TotalSeconds:0} s", e);
        }
    }
}

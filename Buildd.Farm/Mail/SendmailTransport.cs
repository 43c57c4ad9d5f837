using Buildd.Linux.Processes;
using Buildd.Master.Mail;
using MimeKit;

namespace Buildd.Farm.Mail;

/// <summary>Hands mail to the system's <c>sendmail</c>, which every mail server of Debian has.</summary>
/// <param name="program">The program.</param>
internal sealed class SendmailTransport(string program = SendmailTransport.DefaultProgram) : IMailTransport
{
    /// <summary>Where Policy 11.6 has it.</summary>
    internal const string DefaultProgram = "/usr/sbin/sendmail";

    /// <summary>EX_TEMPFAIL of sysexits.h: the same may go well later.</summary>
    private const int TemporaryFailure = 75;

    /// <summary>Long, because some look names up before they answer.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    /// <summary>The part of the program's output that a message quotes, from its end, in bytes.</summary>
    private const int MaxQuoted = 500;

    /// <inheritdoc/>
    public async Task SendAsync(OutgoingMail mail, CancellationToken cancellationToken = default)
    {
        var errors = new TailBuffer(MaxQuoted);
        var command = Command.Of(program, "-i", "-f", mail.From.Address, "--", mail.To.Address) with
        {
            StandardInput = await TextOfAsync(mail, cancellationToken),
        };
        using var deadline = new CancellationTokenSource(Timeout);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            var result = await ProcessRunner.RunAsync(command, errors.Write, cancellationToken: stop.Token);
            if (!result.Succeeded)
                throw new MailException(
                    $"{program} did not take the mail to {mail.To}: {result.Describe()}: {errors.Text().ReplaceLineEndings(" ").Trim()}")
                {
                    MayPass = result.ExitCode == TemporaryFailure,
                };
        }
        catch (ProcessException e)
        {
            throw new MailException($"{program} could not be run for the mail to {mail.To}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MailException($"{program} did not take the mail to {mail.To} within {Timeout.TotalMinutes:0} minutes", e)
            {
                MayPass = true,
            };
        }
    }

    /// <summary>The whole message, with the line ends of this system.</summary>
    private static async Task<byte[]> TextOfAsync(OutgoingMail mail, CancellationToken cancellationToken)
    {
        using var message = MailMessages.Make(mail);
        var format = FormatOptions.Default.Clone();
        format.NewLineFormat = NewLineFormat.Unix;
        using var text = new MemoryStream(); // of a size that MailMessages limits
        await message.WriteToAsync(format, text, cancellationToken);
        return text.ToArray();
    }
}

using System.Net.Mail;
using System.Text;
using Buildd.Processes;

namespace Buildd.Master.Mail;

/// <summary>Hands mail to the system's <c>sendmail</c>, which every mail server of Debian has.</summary>
/// <param name="program">The program.</param>
public sealed class SendmailTransport(string program = SendmailTransport.DefaultProgram) : IMailTransport
{
    /// <summary>Where Policy 11.6 has it.</summary>
    public const string DefaultProgram = "/usr/sbin/sendmail";

    /// <summary>Long, because some look names up before they answer.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    /// <summary>What the framework adds for a program that it would leave the file to.</summary>
    private static readonly string[] NotForMail = ["X-Sender:", "X-Receiver:"];

    /// <inheritdoc/>
    public async Task SendAsync(OutgoingMail mail, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(mail);
        var errors = new StringBuilder();
        var command = Command.Of(program, "-i", "-f", mail.From.Address, "--", mail.To.Address) with
        {
            StandardInput = await TextOfAsync(mail, cancellationToken).ConfigureAwait(false),
        };
        using var deadline = new CancellationTokenSource(Timeout);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            var result = await ProcessRunner.RunAsync(command, bytes => errors.Append(Encoding.UTF8.GetString(bytes)), cancellationToken: stop.Token).ConfigureAwait(false);
            if (!result.Succeeded)
                throw new MailException($"{program} did not take the mail to {mail.To}: {result.Describe()}: {Secrets.Quote(errors.ToString())}");
        }
        catch (ProcessException e)
        {
            throw new MailException($"{program} could not be run for the mail to {mail.To}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MailException($"{program} did not take the mail to {mail.To} within {Timeout.TotalMinutes:0} minutes", e);
        }
    }

    /// <summary>The whole message as the framework writes it into a folder, with the line ends of this system.</summary>
    internal static async Task<byte[]> TextOfAsync(OutgoingMail mail, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("buildd-mail-");
        try
        {
            using var message = MailMessages.Make(mail);
            using var client = new SmtpClient { DeliveryMethod = SmtpDeliveryMethod.SpecifiedPickupDirectory, PickupDirectoryLocation = folder.FullName };
            await client.SendMailAsync(message, cancellationToken).ConfigureAwait(false);
            var text = await File.ReadAllTextAsync(folder.GetFiles().Single().FullName, Encoding.Latin1, cancellationToken).ConfigureAwait(false);
            var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n').SkipWhile(line => NotForMail.Any(name => line.StartsWith(name, StringComparison.OrdinalIgnoreCase)));
            return Encoding.Latin1.GetBytes(string.Join('\n', lines));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}

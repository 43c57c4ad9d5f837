using System.Text;
using Buildd.Debian.Packages;
using Buildd.Linux.Files;
using Buildd.Linux.Text;
using Buildd.Master.Mail;
using MimeKit;

namespace Buildd.Farm.Mail;

/// <summary>
/// Makes the library's messages of ours. All text of a head comes through here: what could begin another line, and so another
/// header, is taken out.
/// </summary>
internal static class MailMessages
{
    /// <summary>
    /// A line of a head that is longer serves nobody; RFC 5322 allows 998 bytes, and names are encoded with three for one.
    /// </summary>
    private const int MaxHeaderLength = 300;

    /// <summary>RFC 5322, 2.1.1: longer lines than that must not be sent; a body that has one is encoded.</summary>
    private const int MaxPlainLine = 900;

    /// <summary>1 MiB: of a body that is longer the first part is sent, and says so.</summary>
    private const int MaxBodyLength = 1 << 20;

    internal static MimeMessage Make(OutgoingMail mail)
    {
        var body = Body(mail.Body);
        var message = new MimeMessage
        {
            Subject = OneLine(mail.Subject),
            MessageId = $"{Token(mail.Id)}@{mail.From.Address[(mail.From.Address.IndexOf('@', StringComparison.Ordinal) + 1)..]}",
            Body = new TextPart("plain")
            {
                Text = body,
                ContentTransferEncoding = Ascii.IsValid(body) && body.Split('\n').All(line => line.Length <= MaxPlainLine)
                    ? ContentEncoding.SevenBit
                    : ContentEncoding.QuotedPrintable,
            },
        };
        message.From.Add(Address(mail.From));
        message.To.Add(Address(mail.To));
        message.Headers.Add(HeaderId.AutoSubmitted, "auto-generated"); // RFC 3834: nobody's absence notice comes back
        foreach (var (name, value) in mail.Headers)
        {
            if (OneLine(value) is { Length: > 0 } line)
                message.Headers.Add(Token(name), Encoding.UTF8, line);
        }

        return message;
    }

    /// <summary>A person as the library has them.</summary>
    /// <exception cref="MailException">The address is none that mail can be sent to.</exception>
    internal static MailboxAddress Address(MailPerson person) =>
        MailboxAddress.TryParse(person.Address, out var parsed)
            ? new MailboxAddress(Encoding.UTF8, OneLine(person.Name), parsed.Address)
            : throw new MailException($"{person} is no address that mail can be sent to");

    /// <summary>The text with everything that ends or commands a line made a blank.</summary>
    private static string OneLine(string text)
    {
        var line = Printable.Line(text, replacement: ' ').Trim();
        return line.Length <= MaxHeaderLength ? line : line[..MaxHeaderLength] + "...";
    }

    /// <summary>Control characters do nothing in a mail.</summary>
    private static string Body(string text)
    {
        if (text.Length > MaxBodyLength)
            text = text[..MaxBodyLength] + "\n(The rest was left out.)\n";
        return string.Concat(text.EnumerateRunes().Where(rune => rune.Value is '\t' or '\n' || !Printable.IsHarmful(rune)));
    }

    private static string Token(string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.')
            ? text
            : throw new ArgumentException(
                $"{FileName.Display(text)} has other characters than letters, digits, dots and dashes.", nameof(text));
}

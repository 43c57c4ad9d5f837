using System.Net.Mail;
using System.Net.Mime;
using System.Text;

namespace Buildd.Master.Mail;

/// <summary>
/// Makes the framework's messages of ours. All text of a head comes through here: what could begin another line, and so another
/// header, is taken out.
/// </summary>
internal static class MailMessages
{
    /// <summary>A line of a head that is longer serves nobody; RFC 5322 allows 998 bytes, and names are encoded with three for one.</summary>
    private const int MaxHeaderLength = 300;

    /// <summary>RFC 5322, 2.1.1: longer lines than that must not be sent; a body that has one is encoded.</summary>
    private const int MaxPlainLine = 900;

    /// <summary>1 MiB: of a body that is longer the first part is sent, and says so.</summary>
    private const int MaxBodyLength = 1 << 20;

    public static MailMessage Make(OutgoingMail mail)
    {
        var body = Body(mail.Body);
        var message = new MailMessage
        {
            From = Address(mail.From),
            Subject = OneLine(mail.Subject),
            SubjectEncoding = Encoding.UTF8,
            HeadersEncoding = Encoding.UTF8,
            Body = body,
            BodyEncoding = System.Text.Ascii.IsValid(body) ? Encoding.ASCII : Encoding.UTF8,
            BodyTransferEncoding = System.Text.Ascii.IsValid(body) && body.Split('\n').All(line => line.Length <= MaxPlainLine)
                ? TransferEncoding.SevenBit
                : TransferEncoding.Base64, // the framework's quoted-printable takes line ends for bytes that must be quoted
        };
        message.To.Add(Address(mail.To));
        message.Headers.Add("Message-ID", $"<{Token(mail.Id)}@{mail.From.Address[(mail.From.Address.IndexOf('@', StringComparison.Ordinal) + 1)..]}>");
        message.Headers.Add("Auto-Submitted", "auto-generated"); // RFC 3834: nobody's absence notice comes back
        foreach (var (name, value) in mail.Headers)
        {
            if (OneLine(value) is { Length: > 0 } line)
                message.Headers.Add(Token(name), line);
        }

        return message;
    }

    /// <summary>The text with everything that ends or commands a line made a blank.</summary>
    public static string OneLine(string text)
    {
        var line = string.Concat(text.EnumerateRunes().Select(rune => IsHarmful(rune) ? " " : rune.ToString())).Trim();
        return line.Length <= MaxHeaderLength ? line : line[..MaxHeaderLength] + "...";
    }

    private static MailAddress Address(MailPerson person) =>
        MailAddress.TryCreate(person.Address, person.Name, Encoding.UTF8, out var address)
            ? address
            : throw new MailException($"{person} is no address that mail can be sent to");

    /// <summary>Lines end in CR LF, as servers have come to insist on; other control characters do nothing in a mail.</summary>
    private static string Body(string text)
    {
        if (text.Length > MaxBodyLength)
            text = text[..MaxBodyLength] + "\n(The rest was left out.)\n";
        var lines = text.Split('\n').Select(line => string.Concat(line.EnumerateRunes().Select(rune => rune.Value == '\t' || !IsHarmful(rune) ? rune.ToString() : "")));
        return string.Join("\r\n", lines);
    }

    private static string Token(string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.')
            ? text
            : throw new ArgumentException($"{Debian.FileName.Display(text)} has other characters than letters, digits, dots and dashes.", nameof(text));

    private static bool IsHarmful(Rune rune) =>
        Rune.IsControl(rune) || Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.LineSeparator
            or System.Globalization.UnicodeCategory.ParagraphSeparator or System.Globalization.UnicodeCategory.Format;
}

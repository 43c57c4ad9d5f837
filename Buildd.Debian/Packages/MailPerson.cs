using System.Text;
using Buildd.Linux.Files;
using Buildd.Linux.Text;

namespace Buildd.Debian.Packages;

/// <summary>
/// A person or list that mail goes to or comes from: <c>Name &lt;address&gt;</c>, as a package's Maintainer or Changed-By
/// field says it. Nothing of it can begin a new line of a message's head. Immutable.
/// </summary>
public sealed record MailPerson
{
    /// <summary>320 characters: 64 for the local part, 255 for the domain and the sign between them (RFC 5321, 4.5.3.1).</summary>
    public const int MaxAddressLength = 320;

    /// <summary>200 characters; the longest real names of maintainers have about 80.</summary>
    public const int MaxNameLength = 200;

    private MailPerson(string name, string address)
    {
        Name = name;
        Address = address;
    }

    /// <summary>The name, without quotation marks; empty where there is only an address.</summary>
    public string Name { get; }

    /// <summary>The address: printable ASCII with one <c>@</c>, and no blanks, brackets or commas.</summary>
    public string Address { get; }

    /// <summary>Reads <c>Name &lt;address&gt;</c> or a bare address.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static MailPerson Parse(string text) =>
        TryParse(text) ?? throw new FormatException($"{FileName.Display(text)} is not 'Name <address>' nor an address");

    /// <summary>Reads <c>Name &lt;address&gt;</c> or a bare address, or returns null when it is neither.</summary>
    public static MailPerson? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = text.Trim();
        var (name, address) = ("", text);
        if (text is [.., '>'])
        {
            var open = text.LastIndexOf('<');
            if (open < 0)
                return null;
            (name, address) = (text[..open].Trim(), text[(open + 1)..^1].Trim());
        }

        if (name is ['"', .. var quoted, '"'])
            name = quoted.Replace("\\\"", "\"", StringComparison.Ordinal);
        return IsAddress(address) && name.Length <= MaxNameLength
            && !name.EnumerateRunes().Any(rune => Printable.IsHarmful(rune) || rune == Rune.ReplacementChar)
            ? new MailPerson(name, address)
            : null;
    }

    /// <summary><c>Name &lt;address&gt;</c> in plain text, or the address.</summary>
    public override string ToString() => Name.Length == 0 ? Address : $"{Name} <{Address}>";

    private static bool IsAddress(string text) =>
        text.Length <= MaxAddressLength
        && text.IndexOf('@', StringComparison.Ordinal) is > 0 and var at && at < text.Length - 1
        && text.IndexOf('@', at + 1) < 0
        && text[0] is not '-' // sendmail would take it for an option
        && text.All(c => c is > ' ' and <= '~' and not ('<' or '>' or '(' or ')' or '[' or ']' or ',' or ';' or ':' or '\\' or '"'));
}

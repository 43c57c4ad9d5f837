using System.Text;

namespace Buildd.Debian.Keys;

/// <summary>
/// Removes the armour of OpenPGP public keys (RFC 9580, section 6): lines of text with the key in base64 between them.
/// </summary>
/// <remarks>
/// As gpg reads it. Text around the blocks is passed over; headers may be empty (<c>Comment:</c>); white space may stand anywhere in
/// the base64. Of its padding, the checksum and the line at the end one must be there: without, the key may have been cut off.
/// </remarks>
internal static class Armour
{
    private const string Begin = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
    private const string End = "-----END ";
    private const string Dashes = "-----";

    private static readonly char[] Blanks = [' ', '\t', '\r'];

    /// <summary>Returns the packets of all blocks, one behind the other.</summary>
    /// <exception cref="KeyRingException">There is no block, or one of them is damaged.</exception>
    public static byte[] Remove(ReadOnlySpan<byte> content)
    {
        var lines = new Queue<string>(Encoding.Latin1.GetString(content).Split('\n'));
        var decoded = new List<byte>();
        while (lines.TryDequeue(out var line))
        {
            if (!IsBegin(line))
                continue;
            SkipHeaders(lines);
            decoded.AddRange(ReadBlock(lines));
        }

        return decoded.Count > 0 ? [.. decoded] : throw new KeyRingException("there is no OpenPGP public key in it");
    }

    /// <summary>Headers end with an empty line; some leave it out, and what is no header then is base64.</summary>
    private static void SkipHeaders(Queue<string> lines)
    {
        while (lines.TryPeek(out var line) && IsHeader(line))
            lines.Dequeue();
    }

    private static bool IsHeader(string line) =>
        line.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon && line[(colon + 1)..] is "" or [' ' or '\r', ..];

    private static byte[] ReadBlock(Queue<string> lines)
    {
        var body = new StringBuilder();
        while (lines.TryDequeue(out var line))
        {
            if (IsEnd(line))
                return Decode(body);
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            body.Append(equals < 0 ? line : line[..equals]);
            if (equals >= 0)
                return CheckedAgainst(ReadChecksum(line[equals..], lines), Decode(body));
        }

        throw new KeyRingException("the armour has no end");
    }

    /// <summary>Whether a line is the last of a block, of whatever kind, and whole.</summary>
    private static bool IsEnd(string line) =>
        line.StartsWith(End, StringComparison.Ordinal) && line.TrimEnd(Blanks).EndsWith(Dashes, StringComparison.Ordinal);

    /// <summary>
    /// Reads what follows the base64: padding, then the checksum, whose first four characters count. Empty without one: padding is an
    /// end, too.
    /// </summary>
    private static string ReadChecksum(string rest, Queue<string> lines)
    {
        while (rest.Trim([.. Blanks, '=']).Length == 0)
        {
            if (!lines.TryPeek(out var line) || IsBegin(line))
                return "";
            rest = lines.Dequeue();
        }

        return string.Concat(rest.TrimStart([.. Blanks, '=']).TakeWhile(IsBase64).Take(4));
    }

    private static byte[] CheckedAgainst(string checksum, byte[] bytes)
    {
        // RFC 9580 no longer wants the sum; where it stands it tells of a key that was damaged on the way.
        if (checksum.Length > 0 && (checksum.Length < 4 || !Decode(new StringBuilder(checksum)).AsSpan().SequenceEqual(Crc24(bytes))))
            throw new KeyRingException("the checksum of the armour is wrong");
        return bytes;
    }

    /// <summary>Decodes base64 without its padding; bits that make no byte are padding too.</summary>
    private static byte[] Decode(StringBuilder text)
    {
        var bare = string.Concat(text.ToString().Where(c => !Blanks.Contains(c)));
        if (!bare.All(IsBase64))
            throw new KeyRingException("what is in the armour is not base64");
        bare = bare.Length % 4 == 1 ? bare[..^1] : bare;
        var bytes = Convert.FromBase64String(bare.PadRight((bare.Length + 3) / 4 * 4, 'A'));
        return bytes[..(bare.Length * 6 / 8)];
    }

    private static bool IsBegin(string line) => line.TrimEnd(Blanks) == Begin;

    private static bool IsBase64(char c) => char.IsAsciiLetterOrDigit(c) || c is '+' or '/';

    private static byte[] Crc24(ReadOnlySpan<byte> bytes)
    {
        var sum = 0xB704CEu;
        foreach (var value in bytes)
        {
            sum ^= (uint)value << 16;
            for (var bit = 0; bit < 8; bit++)
                sum = (sum & 0x800000) == 0 ? sum << 1 : (sum << 1) ^ 0x1864CFB;
        }

        return [(byte)(sum >> 16), (byte)(sum >> 8), (byte)sum];
    }
}

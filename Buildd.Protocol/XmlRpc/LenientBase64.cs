namespace Buildd.Protocol.XmlRpc;

/// <summary>
/// Base64 as Python decodes it: characters outside the alphabet are skipped, line ends among them, and the padding ends
/// the data.
/// </summary>
internal static class LenientBase64
{
    /// <summary>Decodes.</summary>
    /// <exception cref="XmlRpcReadException">The last group is incomplete.</exception>
    public static ReadOnlyMemory<byte> Decode(ReadOnlySpan<char> text)
    {
        var result = new byte[(text.Length / 4 * 3) + 3];
        var written = 0;
        var bits = 0;
        var inGroup = 0;
        var padding = 0;
        foreach (var c in text)
        {
            if (c == '=')
            {
                // Two digits at least make a byte; padding any earlier is skipped like other junk.
                if (inGroup >= 2 && inGroup + ++padding >= 4)
                    return result.AsMemory(0, written);
                continue;
            }

            var digit = DigitOf(c);
            if (digit < 0)
                continue;
            padding = 0;
            bits = (bits << 6) | digit;
            inGroup = (inGroup + 1) % 4;
            if (inGroup != 1)
                result[written++] = (byte)(bits >> ((4 - inGroup) % 4 * 2));
        }

        return inGroup switch
        {
            0 => result.AsMemory(0, written),
            1 => throw new XmlRpcReadException(
                "Invalid base64-encoded string: one character more than a multiple of 4"),
            _ => throw new XmlRpcReadException("Incorrect padding"),
        };
    }

    private static int DigitOf(char c) => c switch
    {
        >= 'A' and <= 'Z' => c - 'A',
        >= 'a' and <= 'z' => c - 'a' + 26,
        >= '0' and <= '9' => c - '0' + 52,
        '+' => 62,
        '/' => 63,
        > '\x7f' => throw new XmlRpcReadException("base64 text has a character outside of ASCII"),
        _ => -1,
    };
}

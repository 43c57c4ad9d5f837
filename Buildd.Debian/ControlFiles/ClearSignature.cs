namespace Buildd.Debian.ControlFiles;

/// <summary>
/// Removes an inline OpenPGP signature from a text: header, armour headers, empty line, text with <c>- </c> before lines
/// that begin with a dash, signature (RFC 9580, section 7). Nothing is verified.
/// </summary>
/// <remarks>
/// As dpkg does: comments and empty lines may stand before the header, any other text there is a mistake; text after the
/// signature, such as the footer of a mailing list, is passed over. A second signed message there is a mistake, though: which
/// of the two counts depends on the reader.
/// </remarks>
/// <param name="file">What to call the file in messages.</param>
internal sealed class ClearSignature(string file)
{
    private const string MessageHeader = "-----BEGIN PGP SIGNED MESSAGE-----";
    private const string SignatureHeader = "-----BEGIN PGP SIGNATURE-----";
    private const string SignatureFooter = "-----END PGP SIGNATURE-----";

    private enum Part
    {
        Before,
        Unsigned,
        ArmourHeaders,
        Message,
        Signature,
        After,
    }

    /// <summary>Whether the lines that were returned so far stood in a signed message.</summary>
    public bool IsSigned { get; private set; }

    /// <summary>Returns the lines of the text itself, with the numbers they have in the file.</summary>
    public IEnumerable<ControlLine> TakeOff(IEnumerable<ControlLine> lines)
    {
        var part = Part.Before;
        foreach (var line in lines)
        {
            var text = line.Text.TrimEnd(' ', '\t', '\r'); // what dpkg allows behind such a line
            switch (part)
            {
                case Part.Before when text.Length == 0 || text[0] == '#':
                    break;
                case Part.Before when text == MessageHeader:
                    part = Part.ArmourHeaders;
                    IsSigned = true;
                    break;
                case Part.Before or Part.Unsigned:
                    part = Part.Unsigned;
                    yield return line;
                    break;
                case Part.ArmourHeaders:
                    part = string.IsNullOrWhiteSpace(text) ? Part.Message : part;
                    break;
                case Part.Message when text == SignatureHeader:
                    part = Part.Signature;
                    break;
                case Part.Message:
                    yield return line.Text.StartsWith("- ", StringComparison.Ordinal) ? line with { Text = line.Text[2..] } : line;
                    break;
                case Part.Signature:
                    part = text == SignatureFooter ? Part.After : part;
                    break;
                case Part.After when text == MessageHeader:
                    throw new ControlFileException(file, line.Number, "a second signed message begins after the signature");
            }
        }

        if (part is Part.ArmourHeaders or Part.Message or Part.Signature)
            throw new ControlFileException(file, null, "ends in the middle of its signature");
    }
}

using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Buildd.IntegrationTests.Wire.Fuzzing;

/// <summary>Whether a server has to take bytes for one whole request: then there is one answer, and the connection can go on.</summary>
internal static partial class Framing
{
    /// <summary>A head that is longer is refused, and what is behind it may never be read.</summary>
    private const int MaxHeadBytes = 8 * 1024;

    internal static bool IsOneRequest(ReadOnlySpan<byte> request)
    {
        var end = request.IndexOf("\r\n\r\n"u8);
        if (end is < 0 or > MaxHeadBytes)
            return false;
        var lines = Encoding.Latin1.GetString(request[..end]).Split("\r\n");
        if (lines[0].Contains("/log/stream", StringComparison.Ordinal))
            return false; // its answer goes on
        if (!RequestLine().IsMatch(lines[0]) || !lines.Skip(1).All(line => Field().IsMatch(line)))
            return false;

        // These change where a request ends, or what comes after it.
        var names = lines.Skip(1).Select(line => line.Split(':')[0].ToLowerInvariant()).ToList();
        if (names.Any(name => name is "transfer-encoding" or "connection" or "expect" or "upgrade")
            || names.Count(name => name is "content-length") > 1)
            return false;
        var body = request.Length - end - 4;
        var said = lines.Skip(1).FirstOrDefault(line => line.StartsWith("content-length:", StringComparison.OrdinalIgnoreCase));
        return said is null
            ? body == 0
            : long.TryParse(said.Split(':')[1].Trim(' '), NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            && length == body;
    }

    [GeneratedRegex("^[A-Z]+ /[!-~]* HTTP/1\\.1$")]
    private static partial Regex RequestLine();

    [GeneratedRegex("^[A-Za-z0-9-]+: ?[ -~]*$")]
    private static partial Regex Field();
}

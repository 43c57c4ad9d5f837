using System.Globalization;
using System.Text;

namespace Buildd.IntegrationTests.Wire.Fuzzing;

/// <summary>
/// Spoils requests. What comes out depends on the corpus, the seed and the number of the request alone, so that any of them
/// can be made again. Long texts are put together without interpolation and without joining, which take arrays from pools: what those
/// keep could not be told from what the slave keeps.
/// </summary>
/// <param name="corpus">Requests that are all right, with their bodies unchunked.</param>
/// <param name="paths">Paths that lead somewhere.</param>
/// <param name="seed">Where the chances come from.</param>
internal sealed class RequestMutator(IReadOnlyList<byte[]> corpus, IReadOnlyList<string> paths, int seed)
{
    private const string CallHead = "<?xml version='1.0'?><methodCall><methodName>";

    /// <summary>What has meant something to some parser somewhere.</summary>
    private static readonly byte[][] Tokens =
    [
        "\r\n"u8.ToArray(), "\n"u8.ToArray(), "\r"u8.ToArray(), "\0"u8.ToArray(), "\r\n\r\n"u8.ToArray(), ":"u8.ToArray(), " "u8.ToArray(),
        "<"u8.ToArray(), "</value>"u8.ToArray(), "<value>"u8.ToArray(), "<nil/>"u8.ToArray(), "<![CDATA["u8.ToArray(), "]]>"u8.ToArray(),
        "<!--"u8.ToArray(), "&amp;"u8.ToArray(), "&#0;"u8.ToArray(), "&#xD800;"u8.ToArray(), "&x;"u8.ToArray(), "%00"u8.ToArray(),
        "../"u8.ToArray(),
        "<int>"u8.ToArray(), "<base64>"u8.ToArray(), "<struct>"u8.ToArray(), "<array><data>"u8.ToArray(),
        "<?xml version='1.0' encoding='utf-16'?>"u8.ToArray(),
        [0xff, 0xfe], [0xef, 0xbb, 0xbf], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xf4, 0x90, 0x80, 0x80], [0x80],
    ];

    private static readonly string[] LengthLies =
    [
        "0", "1", "-1", "+5", " ", "abc", "0x10", "1e3", "1,2", "16777216", "16777217", "2147483647", "2147483648", "4294967296",
        "9223372036854775807", "9223372036854775808", "18446744073709551616", "00000000000000000001", "99999999999999999999999999",
    ];

    private static readonly string[] Methods =
        ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "get", "P\0ST", "X"];

    private static readonly string[] PathTwists =
    [
        "/..", "/../..", "/%2e%2e/", "/..%2f..%2fetc/passwd", "%00", "/.", "//", ";x", "?x=%00", "#f", "\\..\\", "/%ff%fe", "%", "%zz",
        "/%c0%ae%c0%ae/", "/~", "/*",
        "http://other.example/rpc", "*", "", " ", "/\t", "/\u00e4",
    ];

    private static readonly string[] Fields =
    [
        "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity", "Transfer-Encoding:\tchunked",
        "Expect: 100-continue",
        "Content-Length: 5", "Connection: close", "Connection: upgrade\r\nUpgrade: h2c", "Host: again.example", "Host:", "Range: bytes=0-",
        "Range: bytes=5-2,9-,-",
        "Range: bytes=-9223372036854775808", "Range: bytes="
            + "0-0,", "If-Modified-Since: never", "Content-Encoding: gzip", "Content-Type: multipart/form-data",
        "Authorization: Basic ====", "Cookie: a=\u00ff", ": nameless", "Na me: x", "X: a\r\n b", "X-Forwarded-For: 127.0.0.1", "X\0: y",
        "X: y\0z", "Trailer: X",
    ];

    private static readonly string[] Calls =
    [
        "echo",
        "info",
        "status",
        "ensurepresent",
        "build",
        "abort",
        "clean",
        "proxy_info",
        "system.listMethods",
        "",
        "__class__",
        "\u0416",
    ];

    private static readonly string[] Names = ["a", "../b", "", "series", "suite", "archives", "\u00e4"];

    private static readonly string[] Numbers =
    [
        "<int>2147483648</int>", "<i8>9223372036854775808</i8>", "<double>1e999</double>", "<double>nan</double>", "<double>-0</double>",
        "<int>0x10</int>",
        "<int></int>", "<boolean>2</boolean>", "<bigdecimal>1e99999999</bigdecimal>",
        "<dateTime.iso8601>99999999T99:99:99</dateTime.iso8601>",
    ];

    /// <summary>Makes the request of that number.</summary>
    /// <param name="number">From 0.</param>
    /// <param name="kind">What was done to it.</param>
    internal byte[] Make(int number, out string kind)
    {
        var chance = new Random(HashCode(seed, number));
        var request = Pick(chance, corpus);
        (kind, var made) = chance.Next(16) switch
        {
            0 => ("none", request),
            1 => ("flip", Flip(chance, request)),
            2 => ("delete", Cut(chance, request)),
            3 => ("duplicate", Repeat(chance, request)),
            4 => ("insert", Insert(chance, request, Pick(chance, Tokens))),
            5 => ("splice", Splice(chance, request, Pick(chance, corpus))),
            6 => ("pipeline", [.. request, .. Pick(chance, corpus)]),
            7 => ("length", LieOfLength(chance, request)),
            8 => ("truncate", request[..chance.Next(request.Length)]),
            9 => ("number", Call(chance, HugeNumber(chance))),
            10 => ("nesting", Call(chance, Nested(chance))),
            11 => ("entity", EntityBomb(chance)),
            12 => ("header", InjectFields(chance, request)),
            13 => ("path", TwistPath(chance, request)),
            14 => ("types", ConfuseTypes(chance)),
            _ => ("chunks", Chunks(chance, request)),
        };

        // Several at once reach what one alone does not, and a right length brings a wrong body to the parser.
        if (chance.Next(4) == 0)
            made = Flip(chance, made);
        if (chance.Next(2) == 0 && kind is "flip" or "delete" or "duplicate" or "insert" or "splice")
            made = WithRightLength(made);
        return made;
    }

    /// <summary>The same for all runs of all processes; <see cref="System.HashCode"/> is not.</summary>
    private static int HashCode(int seed, int number) => unchecked((seed * 486187739) + number);

    private static T Pick<T>(Random chance, IReadOnlyList<T> list) => list[chance.Next(list.Count)];

    private static byte[] Flip(Random chance, byte[] request)
    {
        var made = request.ToArray();
        for (var i = chance.Next(1, 8); i > 0 && made.Length > 0; i--)
            made[chance.Next(made.Length)] ^= (byte)(1 << chance.Next(8));
        return made;
    }

    private static byte[] Cut(Random chance, byte[] request)
    {
        var (start, end) = Span(chance, request);
        return [.. request[..start], .. request[end..]];
    }

    private static byte[] Repeat(Random chance, byte[] request)
    {
        var (start, end) = Span(chance, request);
        return
        [
            .. request[..end],
            .. Enumerable.Repeat(request[start..end], chance.Next(1, 9)).SelectMany(part => part),
            .. request[end..],
        ];
    }

    private static byte[] Insert(Random chance, byte[] request, byte[] token)
    {
        var at = chance.Next(request.Length + 1);
        return [.. request[..at], .. token, .. request[at..]];
    }

    private static byte[] Splice(Random chance, byte[] first, byte[] second) =>
        [.. first[..chance.Next(first.Length)], .. second[chance.Next(second.Length)..]];

    private static byte[] LieOfLength(Random chance, byte[] request)
    {
        var (head, body) = Split(request);
        var lie = chance.Next(3) switch
        {
            0 => (body.Length + chance.Next(-10, 11)).ToString(CultureInfo.InvariantCulture),
            _ => Pick(chance, LengthLies),
        };
        var lines = head.Split("\r\n").Where(line => !line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        var said = $"\r\nContent-Length: {lie}" + (chance.Next(4) == 0 ? $"\r\nContent-Length: {body.Length}" : "");
        return [.. Latin(string.Join("\r\n", lines) + (chance.Next(8) == 0 ? "" : said) + "\r\n\r\n"), .. body];
    }

    private static string HugeNumber(Random chance) => chance.Next(3) switch
    {
        0 => $"<value><int>{new string('9', chance.Next(1, 20_000))}</int></value>",
        1 => $"<value><double>{new string('1', chance.Next(1, 5_000))}e{chance.Next(100_000)}</double></value>",
        _ => $"<value>{Pick(chance, Numbers)}</value>",
    };

    private static string Nested(Random chance)
    {
        var depth = chance.Next(1, chance.Next(4) == 0 ? 20_000 : 200);
        var (open, close) = chance.Next(3) switch
        {
            0 => ("<value><array><data>", "</data></array></value>"),
            1 => ("<value><struct><member><name>a</name>", "</member></struct></value>"),
            _ => ("<x>", "</x>"),
        };
        return Times(open, depth) + (chance.Next(4) == 0 ? "" : Times(close, depth));
    }

    private static string Times(string text, int count) => new StringBuilder(text.Length * count).Insert(0, text, count).ToString();

    private static byte[] EntityBomb(Random chance)
    {
        var text = chance.Next(5) switch
        {
            0 => "<!DOCTYPE x [<!ENTITY a 'ha'>" + string.Concat(
                Enumerable.Range(1, 30).Select(i => $"<!ENTITY {(char)('a' + (i % 26))}{i} '&a;&a;&a;'>")) + "]>",
            1 => "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>",
            2 => "<!DOCTYPE x SYSTEM 'http://127.0.0.1:9/x.dtd'>",
            3 => "<!DOCTYPE x [<!ENTITY % p '" + new string('x', chance.Next(20_000)) + "'>%p;]>",
            _ => "<!-- " + new string(
                '-', chance.Next(10_000)) + " --><?pi " + new string('x', chance.Next(chance.Next(50) == 0 ? 1_200_000 : 20_000)) + "?>",
        };
        return Post(
            "<?xml version='1.0'?>"
                + text
                + "<methodCall><methodName>echo</methodName><params><param><value>&a;</value></param></params></methodCall>");
    }

    private static byte[] InjectFields(Random chance, byte[] request)
    {
        var (head, body) = Split(request);
        var more = chance.Next(4) switch
        {
            0 => string.Concat(Enumerable.Range(0, chance.Next(1, 800)).Select(i => $"\r\nX-{i}: {i}")),
            1 => "\r\nX-Long: " + new string('x', chance.Next(40_000)),
            2 => "\n" + Pick(chance, Fields),
            _ => string.Concat(Enumerable.Range(0, chance.Next(1, 4)).Select(_ => "\r\n" + Pick(chance, Fields))),
        };
        return [.. Latin(head + more + "\r\n\r\n"), .. body];
    }

    private byte[] TwistPath(Random chance, byte[] request)
    {
        var (head, body) = Split(request);
        var end = head.IndexOf("\r\n", StringComparison.Ordinal);
        var path = Pick(chance, paths);
        path = chance.Next(4) switch
        {
            0 => path,
            1 => path + Pick(chance, PathTwists),
            2 => Pick(chance, PathTwists),
            _ => "/" + new string('a', chance.Next(20_000)),
        };
        var method = chance.Next(3) == 0 ? Pick(chance, Methods) : head.Split(' ')[0];
        var version = chance.Next(8) == 0 ? Pick(chance, ["HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9.9", "http/1.1", ""]) : "HTTP/1.1";
        return [.. Latin($"{method} {path} {version}{(end < 0 ? "" : head[end..])}\r\n\r\n"), .. body];
    }

    /// <summary>A call that the parser takes and the message does not, for most.</summary>
    private static byte[] ConfuseTypes(Random chance)
    {
        var parameters = string.Concat(Enumerable.Range(0, chance.Next(7)).Select(_ => "<param>" + RandomValue(chance, 3) + "</param>"));
        return Post($"{CallHead}{Pick(chance, Calls)}</methodName><params>{parameters}</params></methodCall>");
    }

    private static string RandomValue(Random chance, int depth) => "<value>" + chance.Next(depth > 0 ? 9 : 7) switch
    {
        0 => "<string>" + Pick(
            chance,
            ["", ".", "..", "../../x", "a/b", "\u00e4", "x&#10;y", "c1d80674d731fd6af61ded171202b8424147b17b", "binarypackage", "livefs",
                "http://127.0.0.1:9/"])
                + "</string>",
        1 => $"<int>{chance.Next(int.MinValue, int.MaxValue)}</int>",
        2 => "<nil/>",
        3 => $"<boolean>{chance.Next(2)}</boolean>",
        4 => "<base64>" + Convert.ToBase64String(new byte[chance.Next(100)]) + "</base64>",
        5 => new string('x', chance.Next(5_000)),
        6 => Pick(chance, Numbers),
        7 => "<array><data>" + string.Concat(
            Enumerable.Range(0, chance.Next(4)).Select(_ => RandomValue(chance, depth - 1))) + "</data></array>",
        _ => "<struct>" + string.Concat(Enumerable.Range(0, chance.Next(4)).Select(
            _ => $"<member><name>{Pick(chance, Names)}</name>{RandomValue(chance, depth - 1)}</member>")) + "</struct>",
    } + "</value>";

    private static byte[] Chunks(Random chance, byte[] request)
    {
        var (head, body) = Split(request);
        var lines = head.Split("\r\n").Where(line => !line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        var size = chance.Next(8) switch
        {
            0 => "ffffffffffffffff",
            1 => "-1",
            2 => "0",
            3 => body.Length.ToString("x", CultureInfo.InvariantCulture) + ";ext=\"" + new string('x', chance.Next(3_000)) + "\"",
            4 => (body.Length + 5).ToString("X", CultureInfo.InvariantCulture),
            _ => body.Length.ToString("x", CultureInfo.InvariantCulture),
        };
        return
        [
            .. Latin(string.Join("\r\n", lines) + $"\r\nTransfer-Encoding: chunked\r\n\r\n{size}\r\n"),
            .. body,
            .. "\r\n0\r\n"u8,
            .. chance.Next(4) == 0 ? "X: y\r\n\r\n"u8 : "\r\n"u8,
        ];
    }

    private static byte[] Call(Random chance, string value) =>
        Post(CallHead + Pick(chance, Calls) + "</methodName><params><param>" + value + "</param></params></methodCall>");

    private static byte[] Post(string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        return
        [
            .. Latin($"POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: {bytes.Length}\r\n\r\n"),
            .. bytes,
        ];
    }

    private static byte[] WithRightLength(byte[] request)
    {
        var (head, body) = Split(request);
        var lines = head.Split("\r\n").Where(line => !line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        return [.. Latin(string.Join("\r\n", lines) + $"\r\nContent-Length: {body.Length}\r\n\r\n"), .. body];
    }

    private static (int Start, int End) Span(Random chance, byte[] request)
    {
        var start = chance.Next(request.Length);
        return (start, Math.Min(request.Length, start + chance.Next(1, 1 << chance.Next(1, 10))));
    }

    private static (string Head, byte[] Body) Split(byte[] request)
    {
        var end = request.AsSpan().IndexOf("\r\n\r\n"u8);
        return end < 0 ? (Encoding.Latin1.GetString(request), []) : (Encoding.Latin1.GetString(request, 0, end), request[(end + 4)..]);
    }

    private static byte[] Latin(string text) => Encoding.Latin1.GetBytes(text);
}

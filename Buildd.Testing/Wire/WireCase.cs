using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Buildd.Testing.Wire;

/// <summary>
/// An exchange recorded from the reference (Data/Wire). Plain about what it can take apart: one request, one answer.
/// </summary>
public sealed class WireCase
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Data", "Wire");

    private WireCase(string name, int status, string when, IReadOnlyList<string> vary, string? connection)
    {
        Name = name;
        Status = status;
        When = when;
        Vary = vary;
        Connection = connection;
        Request = File.ReadAllBytes(Path.Combine(Folder, $"{name}.request.http"));
        Response = File.ReadAllBytes(Path.Combine(Folder, $"{name}.response.http"));
    }

    /// <summary>The files' name.</summary>
    public string Name { get; }

    /// <summary>The HTTP status of the first answer; 0 where there was none.</summary>
    public int Status { get; }

    /// <summary>The state of the builder that the exchange needs; <c>IDLE</c> for most.</summary>
    public string When { get; }

    /// <summary>Header fields and struct members that another run may answer otherwise.</summary>
    public IReadOnlyList<string> Vary { get; }

    /// <summary>Whether the connection was <c>open</c> or <c>closed</c> after the answer; null where that was not kept.</summary>
    public string? Connection { get; }

    /// <summary>For <c>ensurepresent</c>: the request lines that the daemon itself sent to fetch the file.</summary>
    public IReadOnlyList<string> Upstream { get; private init; } = [];

    /// <summary>For <c>ensurepresent</c>: what the cache held afterwards under the name that was asked for.</summary>
    public IReadOnlyList<string> Cache { get; private init; } = [];

    /// <summary>The requests of <see cref="Upstream"/>, as far as they were recorded.</summary>
    public IReadOnlyList<string> UpstreamRequests =>
    [
        .. Enumerable.Range(1, Upstream.Count)
            .Select(i => Path.Combine(Folder, $"{Name}.upstream-request{(i == 1 ? "" : $"-{i}")}.http"))
            .Where(File.Exists)
            .Select(File.ReadAllText),
    ];

    /// <summary>Every byte that was sent.</summary>
    public byte[] Request { get; }

    /// <summary>Every byte that came back.</summary>
    public byte[] Response { get; }

    /// <summary>What the request carries, unchunked.</summary>
    public byte[] RequestBody => Split(Request).Body;

    /// <summary>What the answer carries, unchunked.</summary>
    public byte[] ResponseBody => Split(Response).Body;

    /// <summary>Status line and header fields of the answer, with a mask for what varies.</summary>
    public string MaskedResponseHead => Mask(Split(Response).Head);

    /// <summary>All exchanges, by name.</summary>
    public static IReadOnlyList<WireCase> All { get; } = ReadIndex();

    /// <summary>The exchange of that name.</summary>
    public static WireCase Get(string name) => All.Single(wireCase => wireCase.Name == name);

    /// <summary>
    /// Takes a message apart: the head up to and without the empty line, and the body. A chunked body is put together;
    /// chunk extensions and trailer are dropped.
    /// </summary>
    public static (string Head, byte[] Body) Split(byte[] message)
    {
        var end = message.AsSpan().IndexOf("\r\n\r\n"u8);
        if (end < 0)
            throw new FormatException("The message has no end of its head.");
        var head = Encoding.Latin1.GetString(message, 0, end);
        var body = message[(end + 4)..];
        var isChunked = head.Contains("\r\ntransfer-encoding: chunked", StringComparison.OrdinalIgnoreCase);
        return (head, isChunked ? Unchunk(body) : body);
    }

    /// <summary>Puts a mask in the place of the values of header fields that vary.</summary>
    public string Mask(string head) => string.Join("\r\n", head.Split("\r\n").Select(MaskLine));

    /// <summary>The name, for lists of tests.</summary>
    public override string ToString() => Name;

    private string MaskLine(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && Vary.Contains(line[..colon]) ? $"{line[..colon]}: *" : line;
    }

    private static byte[] Unchunk(ReadOnlySpan<byte> body)
    {
        var result = new ArrayBufferWriter<byte>();
        while (true)
        {
            var end = body.IndexOf("\r\n"u8);
            var size = Encoding.Latin1.GetString(body[..end]).Split(';')[0];
            var length = int.Parse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            if (length == 0)
                return result.WrittenSpan.ToArray();
            body = body[(end + 2)..];
            result.Write(body[..length]);
            body = body[(length + 2)..];
        }
    }

    private static List<WireCase> ReadIndex()
    {
        using var index = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "index.json")));
        return
        [
            .. index.RootElement.EnumerateArray().Select(row => new WireCase(
                row.GetProperty("name").GetString()!,
                row.GetProperty("status").GetInt32(),
                row.GetProperty("when").GetString()!,
                [.. row.GetProperty("vary").EnumerateArray().Select(item => item.GetString()!)],
                row.TryGetProperty("connection", out var connection) ? connection.GetString() : null)
            {
                Upstream = Texts(row, "upstream"),
                Cache = Texts(row, "cache"),
            }),
        ];
    }

    private static string[] Texts(JsonElement row, string name) =>
        row.TryGetProperty(name, out var texts) ? [.. texts.EnumerateArray().Select(text => text.GetString()!)] : [];
}

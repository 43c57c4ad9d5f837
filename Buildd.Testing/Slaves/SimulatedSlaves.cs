using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Buildd.Testing.Slaves;

/// <summary>
/// Any number of slaves, each with an address of its own on the loopback (all of 127.0.0.0/8 is this machine), so that a master has as
/// many connections as with real ones. The log of a build grows with each look at it; builds go on until they are let end, and then have
/// one result, in which their cookie stands.
/// </summary>
public sealed class SimulatedSlaves : IAsyncDisposable
{
    private const int LogBytesPerLook = 200;
    private const int TailBytes = 2048;
    private const int LooksPerBuild = 5;

    private static readonly byte[] Line = [.. Enumerable.Repeat((byte)'x', 99), (byte)'\n'];

    private readonly ConcurrentDictionary<IPAddress, Slave> _slaves = new();
    private readonly ConcurrentQueue<string> _taken = new();
    private readonly WebApplication _application;
    private volatile bool _buildsEnd;
    private TimeSpan _buildTime = Timeout.InfiniteTimeSpan;

    private SimulatedSlaves()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Any, 0));
        _application = builder.Build();
        _application.Run(http => http.Connection.LocalIpAddress is { } address && IPAddress.IsLoopback(address)
            ? AnswerAsync(_slaves.GetOrAdd(address, _ => new Slave()), http)
            : Task.FromResult(http.Response.StatusCode = StatusCodes.Status403Forbidden));
    }

    /// <summary>The port of all of them.</summary>
    public int Port { get; private set; }

    /// <summary>The cookies of the builds that slaves have taken, one for each time.</summary>
    public IReadOnlyCollection<string> Taken => _taken;

    /// <summary>The address of a slave.</summary>
    /// <param name="number">The slave's number, from 0.</param>
    /// <param name="port">The port of all of them.</param>
    public static Uri Url(int number, int port) =>
        new(string.Create(
            CultureInfo.InvariantCulture, $"http://127.{1 + (number / 62_500)}.{number / 250 % 250}.{1 + (number % 250)}:{port}/"));

    /// <summary>Starts them, in this process.</summary>
    public static async Task<SimulatedSlaves> StartAsync()
    {
        var slaves = new SimulatedSlaves();
        await slaves._application.StartAsync();
        slaves.Port = new Uri(slaves._application.Urls.First().Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal)).Port;
        return slaves;
    }

    /// <summary>From now on a build ends well at the fifth look at it.</summary>
    public void LetBuildsEnd() => _buildsEnd = true;

    /// <summary>From now on builds take so long, and end well.</summary>
    public void LetBuildsEndAfter(TimeSpan time) => _buildTime = time;

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task AnswerAsync(Slave slave, HttpContext http)
    {
        if (http.Request.Path.StartsWithSegments("/filecache", out var name))
        {
            await (name == "/buildlog" ? SendLogAsync(slave, http) : SendAsync(http, slave.Result));
            return;
        }

        var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var answer = new ArrayBufferWriter<byte>();
        var call = SlaveCall.FromXmlRpc(XmlRpcReader.ReadCall(new ReadOnlySequence<byte>(body.ToArray())));
        XmlRpcWriter.WriteResponse(answer, Carry(slave, call));
        http.Response.ContentType = "text/xml";
        await SendAsync(http, answer.WrittenMemory);
    }

    private XmlRpcValue Carry(Slave slave, SlaveCall call)
    {
        switch (call)
        {
            case StatusCall when slave.BuildId is { } id:
                slave.Looks++;
                if ((_buildsEnd && slave.Looks >= LooksPerBuild)
                    || (_buildTime > TimeSpan.Zero && TimeProvider.System.GetElapsedTime(slave.Began) >= _buildTime))
                {
                    return new StatusReply
                    {
                        Status = BuilderStatus.Waiting,
                        BuilderVersion = "1.0",
                        BuildId = id,
                        BuildStatus = BuildStatus.Ok,
                        FileMap = new Dictionary<string, string>
                        {
                            ["cookie"] = Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.SHA1, slave.Result)),
                        },
                    }.ToXmlRpc();
                }

                slave.LogBytes += LogBytesPerLook;
                // What is in it differs from look to look, as a real log's end does.
                var tail = new byte[Math.Min(TailBytes, slave.LogBytes)];
                Fill(tail, slave.LogBytes - tail.Length);
                BitConverter.TryWriteBytes(tail, slave.LogBytes);
                return new StatusReply { Status = BuilderStatus.Building, BuilderVersion = "1.0", BuildId = id, LogTail = tail }.ToXmlRpc();
            case StatusCall:
                return new StatusReply { Status = BuilderStatus.Idle, BuilderVersion = "1.0" }.ToXmlRpc();
            case EnsurePresentCall:
                return new EnsurePresentReply(true, "Cache").ToXmlRpc();
            case BuildCall build:
                _taken.Enqueue(build.BuildId);
                (slave.BuildId, slave.Looks, slave.LogBytes) = (build.BuildId, 0, 0);
                slave.Began = TimeProvider.System.GetTimestamp();
                return new BuildReply(BuildAnswer.Building, build.BuildId).ToXmlRpc();
            case CleanCall:
                slave.BuildId = null;
                return new BuilderStatusReply(BuilderStatus.Idle).ToXmlRpc();
            default:
                throw new InvalidOperationException($"nobody calls {call} here");
        }
    }

    private static Task SendLogAsync(Slave slave, HttpContext http)
    {
        var range = http.Request.Headers.Range.ToString();
        var from = range.Length == 0 ? 0 : long.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture);
        if (from > 0 && from >= slave.LogBytes)
        {
            http.Response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
            http.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{slave.LogBytes}");
            return SendAsync(http, default);
        }

        var bytes = new byte[slave.LogBytes - from];
        Fill(bytes, from);
        if (range.Length > 0)
        {
            http.Response.StatusCode = StatusCodes.Status206PartialContent;
            http.Response.Headers.ContentRange = string.Create(
                CultureInfo.InvariantCulture, $"bytes {from}-{slave.LogBytes - 1}/{slave.LogBytes}");
        }

        return SendAsync(http, bytes);
    }

    private static async Task SendAsync(HttpContext http, ReadOnlyMemory<byte> bytes)
    {
        http.Response.ContentLength = bytes.Length;
        await http.Response.Body.WriteAsync(bytes);
    }

    private static void Fill(Span<byte> bytes, long from)
    {
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = Line[(int)((from + i) % Line.Length)];
    }

    /// <summary>For one master, which asks one thing at a time.</summary>
    private sealed class Slave
    {
        public string? BuildId { get; set; }

        public int Looks { get; set; }

        public long Began { get; set; }

        public long LogBytes { get; set; }

        public byte[] Result => Encoding.UTF8.GetBytes(BuildId!);
    }
}

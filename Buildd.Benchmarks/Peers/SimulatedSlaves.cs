using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Buildd.Benchmarks.Harness;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Buildd.Benchmarks.Peers;

/// <summary>
/// Any number of slaves in a process of their own, each with an address of its own on the loopback (all of 127.0.0.0/8 is
/// this machine), so that a master has as many connections as with real ones. A slave takes a build and builds for ever; its log
/// grows with each look at it.
/// </summary>
internal sealed class SimulatedSlaves : IDisposable
{
    /// <summary>The first argument of this program that makes it the slaves' process.</summary>
    internal const string Argument = "simulated-slaves";

    private const int LogBytesPerLook = 200;
    private const int TailBytes = 2048;

    private static readonly byte[] Line = [.. Enumerable.Repeat((byte)'x', 99), (byte)'\n'];

    private readonly Process _process;

    private SimulatedSlaves(Process process, int port) => (_process, Port) = (process, port);

    internal int Port { get; }

    internal static Uri Url(int number, int port) =>
        new(string.Create(CultureInfo.InvariantCulture, $"http://127.{1 + (number / 62_500)}.{number / 250 % 250}.{1 + (number % 250)}:{port}/"));

    /// <summary>Starts the process.</summary>
    internal static async Task<SimulatedSlaves> StartAsync(CancellationToken cancellationToken)
    {
        var process = Process.Start(new ProcessStartInfo("dotnet", ["exec", typeof(SimulatedSlaves).Assembly.Location, Argument])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        return int.TryParse(await process.StandardOutput.ReadLineAsync(cancellationToken), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? new SimulatedSlaves(process, port)
            : throw new BenchmarkException("the simulated slaves did not start");
    }

    public void Dispose()
    {
        _process.StandardInput.Close(); // which ends it
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>What that process does: prints its port, and ends when its standard input does.</summary>
    internal static async Task<int> RunAsync()
    {
        var slaves = new ConcurrentDictionary<IPAddress, Slave>();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Any, 0));
        await using var application = builder.Build();
        application.Run(http => http.Connection.LocalIpAddress is { } address && IPAddress.IsLoopback(address)
            ? AnswerAsync(slaves.GetOrAdd(address, _ => new Slave()), http)
            : Task.FromResult(http.Response.StatusCode = StatusCodes.Status403Forbidden));
        await application.StartAsync();
        Console.WriteLine(new Uri(application.Urls.First().Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal)).Port);
        await Console.In.ReadToEndAsync();
        return 0;
    }

    private static async Task AnswerAsync(Slave slave, HttpContext http)
    {
        if (http.Request.Path.StartsWithSegments("/filecache"))
        {
            await SendLogAsync(slave, http);
            return;
        }

        var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var answer = new ArrayBufferWriter<byte>();
        XmlRpcWriter.WriteResponse(answer, Carry(slave, SlaveCall.FromXmlRpc(XmlRpcReader.ReadCall(new ReadOnlySequence<byte>(body.ToArray())))));
        http.Response.ContentType = "text/xml";
        http.Response.ContentLength = answer.WrittenCount;
        await http.Response.Body.WriteAsync(answer.WrittenMemory);
    }

    private static XmlRpcValue Carry(Slave slave, SlaveCall call)
    {
        switch (call)
        {
            case StatusCall when slave.BuildId is { } id:
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
                slave.BuildId = build.BuildId;
                return new BuildReply(BuildAnswer.Building, build.BuildId).ToXmlRpc();
            default:
                throw new InvalidOperationException($"nobody calls {call} here");
        }
    }

    private static async Task SendLogAsync(Slave slave, HttpContext http)
    {
        var range = http.Request.Headers.Range.ToString();
        var from = range.Length == 0 ? 0 : long.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture);
        var bytes = new byte[slave.LogBytes - from];
        Fill(bytes, from);
        if (range.Length > 0)
        {
            http.Response.StatusCode = StatusCodes.Status206PartialContent;
            http.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{slave.LogBytes - 1}/{slave.LogBytes}");
        }

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

        public long LogBytes { get; set; }
    }
}

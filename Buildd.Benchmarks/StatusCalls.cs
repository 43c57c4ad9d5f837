using System.Buffers;
using System.Diagnostics;
using Buildd.Benchmarks.Harness;
using Buildd.Benchmarks.Peers;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Benchmarks;

/// <summary>A master asks each slave every few seconds: is what we do between Kestrel and the builder small?</summary>
/// <remarks>
/// The CPU time is that of this whole process, so of server and client together; the client is the same on both sides. The
/// bare program does not read the call, it only answers as much as ours does.
/// </remarks>
internal sealed class StatusCalls : IBenchmark
{
    private const double AgreedAim = 0.6;

    /// <summary>Methods are compiled anew in the background while they are found to be in use; it takes about two seconds.</summary>
    private const int WarmUps = 2;

    private static readonly TimeSpan RoundTime = TimeSpan.FromSeconds(1);

    public string Question => "How many status calls a second, against a bare Kestrel program that answers a constant of the same size?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        var call = new ArrayBufferWriter<byte>();
        XmlRpcWriter.WriteCall(call, new StatusCall().ToXmlRpc());
        await using var ours = await MeasuredSlave.StartAsync(folder, cancellationToken);
        var constant = await AskAsync(ours.Url, call.WrittenMemory, cancellationToken);
        await using var bare = await BareServer.StartAsync(
            async http =>
            {
                http.Response.ContentType = "text/xml; charset=utf-8";
                http.Response.ContentLength = constant.Length;
                await http.Response.BodyWriter.WriteAsync(constant, http.RequestAborted);
            },
            cancellationToken);

        var rows = new List<Row>();
        foreach (var connections in (int[])[1, 16])
        {
            var on = $"{connections} connection{(connections == 1 ? "" : "s")}";
            rows.AddRange(await Rounds.MeasureAsync(
                [
                    new Quantity($"calls, {on}", "/s") { Aim = AgreedAim },
                    new Quantity($"CPU per call with its client, {on}", "µs") { IsCost = true },
                ],
                () => LoadAsync(ours.Url, connections, constant.Length, call.WrittenMemory, cancellationToken),
                () => LoadAsync(bare.Url, connections, constant.Length, call.WrittenMemory, cancellationToken),
                warmUps: WarmUps));
        }

        return rows;
    }

    private static async Task<byte[]> AskAsync(Uri slave, ReadOnlyMemory<byte> call, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        using var response = await http.PostAsync(new Uri(slave, "rpc"), new ReadOnlyMemoryContent(call), cancellationToken);
        var answer = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        StatusReply.FromXmlRpc(XmlRpcReader.ReadResponse(new ReadOnlySequence<byte>(answer))); // throws when it is a fault
        return answer;
    }

    private static async Task<double[]> LoadAsync(
        Uri server, int connections, int answerBytes, ReadOnlyMemory<byte> call, CancellationToken cancellationToken)
    {
        var request = KeptConnection.Request("POST", server, "/rpc", call.Span);
        var opened = new List<KeptConnection>();
        try
        {
            for (var i = 0; i < connections; i++)
                opened.Add(await KeptConnection.OpenAsync(server, cancellationToken));

            var cpu = Environment.CpuUsage.TotalTime;
            var start = Stopwatch.GetTimestamp();
            var calls = (await Task.WhenAll(opened.Select(connection => Task.Run(() => CallAsync(connection, start), cancellationToken)))).Sum();
            var elapsed = Stopwatch.GetElapsedTime(start);
            return [calls / elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / calls];
        }
        finally
        {
            opened.ForEach(connection => connection.Dispose());
        }

        async Task<int> CallAsync(KeptConnection connection, long start)
        {
            var calls = 0;
            for (; Stopwatch.GetElapsedTime(start) < RoundTime; calls++)
            {
                var length = await connection.SendAsync(request, cancellationToken);
                if (length != answerBytes)
                    throw new BenchmarkException($"an answer of {length} bytes came in place of {answerBytes}");
            }

            return calls;
        }
    }
}

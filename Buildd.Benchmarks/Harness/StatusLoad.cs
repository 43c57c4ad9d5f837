using System.Buffers;
using System.Diagnostics;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Benchmarks.Harness;

/// <summary>Masters that do nothing but ask for the status.</summary>
internal static class StatusLoad
{
    /// <summary>The call, as bytes.</summary>
    internal static ReadOnlyMemory<byte> Call { get; } = WriteCall();

    /// <summary>Asks once and checks the answer.</summary>
    /// <returns>The answer's body.</returns>
    internal static async Task<byte[]> AskAsync(Uri slave, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        using var response = await http.PostAsync(new Uri(slave, "rpc"), new ReadOnlyMemoryContent(Call), cancellationToken);
        var answer = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        StatusReply.FromXmlRpc(XmlRpcReader.ReadResponse(new ReadOnlySequence<byte>(answer))); // throws when it is a fault
        return answer;
    }

    /// <summary>Asks over some kept connections for a while, each call right after the answer to the last.</summary>
    /// <returns>How many calls, how many a second, and the time in microseconds that 99 of 100 stayed below.</returns>
    internal static async Task<(int Calls, double CallsPerSecond, double P99)> RunAsync(
        Uri server, int connections, TimeSpan time, CancellationToken cancellationToken, TimeSpan pause = default)
    {
        var request = KeptConnection.Request("POST", server, "/rpc", Call.Span);
        var opened = new List<KeptConnection>();
        try
        {
            for (var i = 0; i < connections; i++)
                opened.Add(await KeptConnection.OpenAsync(server, cancellationToken));

            var start = Stopwatch.GetTimestamp();
            var latencies =
                await Task.WhenAll(opened.Select(connection => Task.Run(() => CallAsync(connection, start), cancellationToken)));
            var elapsed = Stopwatch.GetElapsedTime(start);
            var calls = latencies.Sum(recorder => recorder.Count);
            return (calls, calls / elapsed.TotalSeconds, Latencies.Percentile99Microseconds(latencies));
        }
        finally
        {
            opened.ForEach(connection => connection.Dispose());
        }

        async Task<Latencies> CallAsync(KeptConnection connection, long start)
        {
            var latencies = new Latencies();
            while (Stopwatch.GetElapsedTime(start) < time)
            {
                var sent = Stopwatch.GetTimestamp();
                await connection.SendAsync(request, cancellationToken);
                latencies.Add(sent);
                if (pause > TimeSpan.Zero)
                    await Task.Delay(pause, cancellationToken);
            }

            return latencies;
        }
    }

    private static byte[] WriteCall()
    {
        var call = new ArrayBufferWriter<byte>();
        XmlRpcWriter.WriteCall(call, new StatusCall().ToXmlRpc());
        return call.WrittenSpan.ToArray();
    }
}

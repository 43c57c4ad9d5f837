using System.Net;
using System.Net.Sockets;
using System.Text;
using Buildd.IntegrationTests.Wire.Fuzzing;
using Buildd.Testing.Wire;

namespace Buildd.IntegrationTests.Soak;

/// <summary>Clients of a port that mean it no good.</summary>
internal static class HostileLoad
{
    private const int Held = 40;

    private static readonly string[] Ending = ["abort", "clean", "build"];

    private static readonly TimeSpan BetweenRequests = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan BetweenBytes = TimeSpan.FromSeconds(2);

    /// <summary>Sends spoiled requests until it is stopped.</summary>
    internal static async Task SendSpoiledAsync(Uri url, FuzzTally tally, int seed, CancellationToken stop)
    {
        // Calls that are right and end somebody's build are a client's right, too; a few come of spoiling others.
        var corpus = WireCase.All.Select(exchange => exchange.Request)
            .Where(request => request.Length > 0 && !EndsBuilds(Encoding.Latin1.GetString(request))).ToList();
        var mutator = new RequestMutator(
            corpus, ["/rpc", "/filecache/buildlog", "/filecache/", "/", "/log/stream"], seed);
        try
        {
            for (var number = 0; ; number++)
            {
                // A connection each: a server may close one that it has answered on, and the next request then gets no answer.
                using var client = new FuzzClient(url.Port, tally);
                await client.SendAsync(number, "spoiled", mutator.Make(number, out _), stop);
                await Task.Delay(BetweenRequests, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // it is enough
        }
    }

    /// <summary>Holds connections with half a request each, a byte now and then, until it is stopped.</summary>
    internal static async Task HoldAsync(Uri url, int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        var request = "POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"u8.ToArray();
        var held = new (Socket? Socket, int Sent)[Held];
        try
        {
            while (!stop.IsCancellationRequested)
            {
                for (var number = 0; number < held.Length; number++)
                    held[number] = await SendByteAsync(held[number], url.Port, request, random, stop);
                await Task.Delay(BetweenBytes, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            foreach (var (socket, _) in held)
                socket?.Dispose();
        }
    }

    private static async Task<(Socket? Socket, int Sent)> SendByteAsync(
        (Socket? Socket, int Sent) held, int port, byte[] request, Random random, CancellationToken stop)
    {
        var socket = held.Socket ?? new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (held.Socket is null)
                await socket.ConnectAsync(IPAddress.Loopback, port, stop);
            var sent = held.Socket is null ? random.Next(request.Length) : held.Sent; // some have sent much of it at once
            var count = held.Socket is null ? sent : 1;
            var bytes = Enumerable.Range(held.Socket is null ? 0 : sent, count).Select(at => request[at % request.Length]);
            await socket.SendAsync(bytes.ToArray(), stop);
            return (socket, sent + 1);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            socket.Dispose(); // it was hung up on, which is right
            return (null, 0);
        }
    }

    private static bool EndsBuilds(string request) =>
        Ending.Any(method => request.Contains($"<methodName>{method}</methodName>", StringComparison.Ordinal));
}

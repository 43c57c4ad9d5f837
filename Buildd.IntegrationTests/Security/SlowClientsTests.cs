using System.Net;
using System.Net.Sockets;
using System.Text;
using Buildd.Daemon.Security;
using Buildd.IntegrationTests.Wire;
using Buildd.Protocol.Messages;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Security;

/// <summary>Hundreds of clients that send next to nothing, stop halfway, or never read: a master does not notice them.</summary>
[NonParallelizable] // it measures the memory of the process
[CancelAfter(120_000)]
public sealed class SlowClientsTests
{
    private const int Clients = 500;

    /// <summary>Larger than all buffers on the way, so that who does not read holds up its answer.</summary>
    private const long LogBytes = 32L << 20;

    /// <summary>What a connection may hold of the slave's heap and of the client's, which is in the same process.</summary>
    private const long MaxBytesEach = 128 * 1024;

    /// <summary>
    /// What a second lot of them may leave behind that the first has not: buffers go back to pools, which keep some for a
    /// while, and a leak grows with each.
    /// </summary>
    private const long MaxBytesLeft = 4 << 20;

    private const int Rounds = 3;

    private const int StatusCallsInARound = 50;

    [Test]
    public async Task Status_is_answered_beside_five_hundred_slow_clients(CancellationToken cancellationToken)
    {
        await using var slave = await SlaveInProcess.StartAsync(new SecurityOptions());
        using (var log = File.Create(Path.Combine(slave.CacheDirectory, "buildlog")))
            log.SetLength(LogBytes);
        await AskAsync();
        var atFirst = HeapBytes();
        await StormAsync();
        var afterOne = HeapBytes();
        await StormAsync();
        await Until.SeenAsync(() => Task.FromResult(HeapBytes() - afterOne), left => left < MaxBytesLeft, TimeSpan.FromMinutes(10));

        async Task StormAsync()
        {
            var clients = new List<Socket>();
            try
            {
                for (var i = 0; i < Clients; i++)
                    clients.Add(await OpenAsync(slave.Url.Port, i, cancellationToken));
                for (var round = 0; round < Rounds; round++)
                {
                    clients.ForEach(Drip);
                    await AskAsync();
                    await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken); // a byte a second is what they send
                }

                Assert.That(HeapBytes() - atFirst, Is.LessThan(Clients * MaxBytesEach));
            }
            finally
            {
                clients.ForEach(client => client.Dispose());
            }

            await AskAsync();
        }

        async Task AskAsync()
        {
            for (var call = 0; call < StatusCallsInARound; call++)
                Assert.That((await slave.Client.StatusAsync(cancellationToken)).Status, Is.EqualTo(BuilderStatus.Idle));
        }
    }

    /// <summary>One of five kinds of client.</summary>
    private static async Task<Socket> OpenAsync(int port, int number, CancellationToken cancellationToken)
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
        const string Head = "POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n";
        var start = (number % 5) switch
        {
            0 => "", // connected, and that is all
            1 => Head + "X-Slow: ",
            2 => Head + "Content-Length: 16777216\r\n\r\n<methodCall>", // announces all that may be announced
            3 => Head + "Content-Length: 1000\r\n\r\n<methodCall>",
            _ => "GET /filecache/buildlog HTTP/1.1\r\nHost: localhost\r\n\r\n",
        };
        if (start.Length > 0)
            await client.SendAsync(Encoding.ASCII.GetBytes(start), cancellationToken);
        if (number % 5 == 3)
            client.Shutdown(SocketShutdown.Send);
        return client;
    }

    private static void Drip(Socket client)
    {
        try
        {
            client.Send("x"u8);
        }
        catch (SocketException)
        {
            // it has said that it sends no more, or has been let go
        }
    }

    private static long HeapBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}

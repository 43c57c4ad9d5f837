using System.Net;
using System.Net.Sockets;
using System.Text;
using Buildd.Daemon.Security;
using Buildd.IntegrationTests.Wire;
using Buildd.Protocol.Messages;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Security;

/// <summary>Who may connect, how often, and for how long one may do nothing.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class LimitTests
{
    /// <summary>The least that can be set.</summary>
    private static readonly TimeSpan Impatience = TimeSpan.FromSeconds(2);

    private static readonly byte[] Status = Call("<methodCall><methodName>status</methodName></methodCall>");

    [Test]
    public async Task Nothing_is_asked_of_a_client_unless_it_is_said(CancellationToken cancellationToken)
    {
        await using var slave = await SlaveInProcess.StartAsync(new SecurityOptions());

        Assert.That((await AskAsync("127.0.0.1", slave.Url.Port, cancellationToken))?.Status, Is.EqualTo(200));
    }

    [TestCase("127.0.0.1", "127.0.0.0/8", true)]
    [TestCase("127.0.0.1", "127.0.0.1/32", true)]
    [TestCase("127.0.0.1", "10.0.0.0/8", false)]
    [TestCase("127.0.0.1", "::/0", false)]
    [TestCase("::1", "::1/128", true)]
    [TestCase("::1", "127.0.0.0/8", false)]
    public async Task Who_may_not_connect_is_hung_up_on(string from, string allowed, bool isAnswered, CancellationToken cancellationToken)
    {
        // On both kinds of address at once, where one of IPv4 comes mapped into IPv6.
        await using var slave =
            await SlaveInProcess.StartAsync(new SecurityOptions { Allow = [IPNetwork.Parse(allowed)] }, IPAddress.IPv6Any);

        var answer = await AskAsync(from, slave.Url.Port, cancellationToken);

        Assert.That(answer?.Status, Is.EqualTo(isAnswered ? 200 : (int?)null));
    }

    [Test]
    public async Task Who_may_not_connect_is_hung_up_on_without_saying_a_word(CancellationToken cancellationToken)
    {
        await using var slave = await SlaveInProcess.StartAsync(new SecurityOptions { Allow = [IPNetwork.Parse("192.0.2.0/24")] });

        Assert.That(await AskAsync("127.0.0.1", slave.Url.Port, cancellationToken, says: []), Is.Null);
    }

    [Test]
    public async Task One_connection_too_many_is_closed_and_room_is_made_again(CancellationToken cancellationToken)
    {
        await using var slave = await SlaveInProcess.StartAsync(new SecurityOptions { MaxConnections = 2 });
        using (var first = await RawConnection.OpenAsync(slave.Url.Port, cancellationToken))
        using (var second = await RawConnection.OpenAsync(slave.Url.Port, cancellationToken))
        {
            // Answered, so that both are counted when the third comes.
            foreach (var connection in (RawConnection[])[first, second])
            {
                await connection.SendAsync(Status, cancellationToken);
                Assert.That((await connection.ReceiveAsync(false, cancellationToken))!.Status, Is.EqualTo(200));
            }

            Assert.That(await AskAsync("127.0.0.1", slave.Url.Port, cancellationToken), Is.Null);
        }

        await Until.TrueAsync(async () => await AskAsync("127.0.0.1", slave.Url.Port, cancellationToken) is not null);
    }

    [TestCase("")]
    [TestCase("POST /rpc HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")]
    [TestCase("POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n<methodCall>")]
    [TestCase("POST /rpc HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n<")]
    public async Task A_client_that_sends_next_to_nothing_is_let_go(string start, CancellationToken cancellationToken)
    {
        await using var slave = await SlaveInProcess.StartAsync(new SecurityOptions { SlowTimeout = Impatience });
        using var connection = await RawConnection.OpenAsync(slave.Url.Port, cancellationToken);
        await connection.SendAsync(start.Length == 0 ? "P"u8.ToArray() : Encoding.ASCII.GetBytes(start), cancellationToken);

        var ending = connection.ReceiveAsync(false, cancellationToken);
        while (!ending.IsCompleted)
        {
            await Task.WhenAny(ending, Task.Delay(100, cancellationToken));
            try
            {
                await connection.SendAsync("x"u8.ToArray(), cancellationToken);
            }
            catch (IOException)
            {
                break; // it has hung up
            }
        }

        Assert.That((await ending)?.Status, Is.Null.Or.EqualTo(408).Or.EqualTo(400));
        Assert.That((await slave.Client.StatusAsync(cancellationToken)).Status, Is.EqualTo(BuilderStatus.Idle));
    }

    [Test]
    public async Task A_client_that_does_not_read_its_file_is_let_go(CancellationToken cancellationToken)
    {
        const long LargerThanAllBuffers = 64 * 1024 * 1024;
        await using var slave = await SlaveInProcess.StartAsync(new SecurityOptions { SlowTimeout = Impatience });
        using (var log = File.Create(Path.Combine(slave.CacheDirectory, "buildlog")))
            log.SetLength(LargerThanAllBuffers);
        using var connection = new TcpClient { ReceiveBufferSize = 4096 };
        await connection.ConnectAsync(IPAddress.Loopback, slave.Url.Port, cancellationToken);
        await connection.GetStream()
            .WriteAsync("GET /filecache/buildlog HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), cancellationToken);

        // Nothing is read until the slave has hung up, which shows as a writing that fails.
        var error = await FailureOfWritingAsync(connection, cancellationToken);

        Assert.That(error, Is.EqualTo(SocketError.ConnectionReset).Or.EqualTo(SocketError.Shutdown));
        Assert.That((await slave.Client.StatusAsync(cancellationToken)).Status, Is.EqualTo(BuilderStatus.Idle));
    }

    [Test]
    public async Task A_client_that_pauses_for_less_is_waited_for(CancellationToken cancellationToken)
    {
        await using var slave = await SlaveInProcess.StartAsync();
        using var connection = await RawConnection.OpenAsync(slave.Url.Port, cancellationToken);

        // Longer than the server's own figure, which would be five seconds.
        await connection.SendAsync(Status.AsMemory(0, Status.Length - 10), cancellationToken);
        await Task.Delay(TimeSpan.FromSeconds(8), cancellationToken);
        await connection.SendAsync(Status.AsMemory(Status.Length - 10), cancellationToken);

        Assert.That((await connection.ReceiveAsync(false, cancellationToken))!.Status, Is.EqualTo(200));
    }

    private static async Task<SocketError> FailureOfWritingAsync(TcpClient connection, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(100, cancellationToken);
            try
            {
                await connection.Client.SendAsync("G"u8.ToArray(), cancellationToken);
            }
            catch (SocketException e)
            {
                return e.SocketErrorCode;
            }
        }
    }

    /// <summary>Says something, asks for the status as a rule.</summary>
    /// <returns>The answer; null when it was hung up on, which may be so early that connecting fails.</returns>
    private static async Task<RawAnswer?> AskAsync(string address, int port, CancellationToken cancellationToken, byte[]? says = null)
    {
        var to = IPAddress.Parse(address);
        using var socket = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(to, port, cancellationToken);
            await socket.SendAsync(says ?? Status, cancellationToken);
            await using var stream = new NetworkStream(socket);
            return await RawAnswer.ReadAsync(stream, false, cancellationToken);
        }
        catch (Exception e) when (e is SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.Shutdown }
            or IOException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionReset } })
        {
            return null;
        }
    }

    private static byte[] Call(string body) =>
        Encoding.ASCII.GetBytes(
            $"POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: {body.Length}\r\n\r\n{body}");
}

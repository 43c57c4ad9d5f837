using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Buildd.IntegrationTests.Soak;

/// <summary>A builder whose answers are rubbish of many kinds.</summary>
internal sealed class RubbishSlave : IAsyncDisposable
{
    private const string Status = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n";

    private static readonly TimeSpan EndlessLength = TimeSpan.FromSeconds(3);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Random _random;
    private readonly Task _serving;
    private int _answers;

    internal RubbishSlave(int seed)
    {
        _random = new Random(seed);
        _listener.Start();
        Url = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _serving = ServeAsync();
    }

    internal Uri Url { get; }

    /// <summary>The number of connections that were answered.</summary>
    internal int Answers => Volatile.Read(ref _answers);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptSocketAsync(_stop.Token);
                Interlocked.Increment(ref _answers);
                try
                {
                    await AnswerAsync(client);
                }
                catch (SocketException)
                {
                    // the master has hung up
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // the run is over
        }
    }

    private async Task AnswerAsync(Socket client)
    {
        await client.ReceiveAsync(new byte[65536], _stop.Token);
        var text = _random.Next(8) switch
        {
            0 => "", // hangs up
            1 => "\u001b]0;title\u0007 220 mail.example ESMTP\r\n",
            2 => "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
            3 => $"{Status}Content-Length: 9000000000000000\r\n\r\n<methodResponse>",
            4 => $"{Status}Content-Length: 9\r\n\r\n<!DOCTYPE",
            5 => $"{Status}Connection: close\r\n\r\n<methodResponse>{new string('<', 100_000)}",
            6 => $"{Status}Connection: close\r\n\r\n"
                + "<methodResponse><params><param><value><int>7</int></value></param></params></methodResponse>",
            _ => $"{Status}Connection: close\r\n\r\n",
        };
        await client.SendAsync(Encoding.Latin1.GetBytes(text), _stop.Token);
        if (!text.EndsWith("close\r\n\r\n", StringComparison.Ordinal))
            return;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        end.CancelAfter(EndlessLength);
        var noise = new byte[8192];
        while (!end.IsCancellationRequested)
        {
            _random.NextBytes(noise);
            await client.SendAsync(noise, _stop.Token);
            await Task.Delay(20, _stop.Token);
        }
    }
}

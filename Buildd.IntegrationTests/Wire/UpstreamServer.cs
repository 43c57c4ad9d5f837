using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Buildd.IntegrationTests.Wire;

/// <summary>
/// Where a slave fetches files from: a socket that answers each request with bytes, closes, and keeps what it was sent. It can
/// break off in ways that a real server does not offer.
/// </summary>
internal sealed class UpstreamServer : IAsyncDisposable
{
    private static readonly byte[] Zeros = new byte[64 * 1024];

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<string> _requests = [];
    private readonly Func<string, UpstreamAnswer> _answer;
    private readonly Task _serving;

    /// <param name="answer">What to answer to a request's head.</param>
    internal UpstreamServer(Func<string, UpstreamAnswer> answer)
    {
        _answer = answer;
        _listener.Start();
        _serving = ServeAsync();
    }

    internal int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The heads of all requests, in order, each with the empty line that ends it.</summary>
    internal IReadOnlyList<string> Requests
    {
        get
        {
            lock (_requests)
                return [.. _requests];
        }
    }

    internal string Url(string path) => $"http://127.0.0.1:{Port}{path}";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                try
                {
                    await AnswerAsync(client);
                }
                catch (IOException)
                {
                    // whoever asked has gone away
                }
            }
        }
        catch (OperationCanceledException)
        {
            // disposed of
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        var stream = client.GetStream();
        var head = await ReadHeadAsync(stream);
        if (head.Length == 0)
            return;
        lock (_requests)
            _requests.Add(head);
        var answer = _answer(head);
        await stream.WriteAsync(answer.Bytes, _stop.Token);
        for (var i = 0L; i < answer.Zeros; i += Zeros.Length)
            await stream.WriteAsync(Zeros.AsMemory(0, (int)Math.Min(Zeros.Length, answer.Zeros - i)), _stop.Token);
        if (answer.Reset is { } reset)
        {
            await reset.WaitAsync(_stop.Token); // a reset overtakes what was sent before and not yet read
            client.LingerState = new LingerOption(true, 0);
            client.Client.Close(); // the client itself would shut down first, which ends the connection in an orderly way
        }
    }

    private async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one, _stop.Token) == 1)
            head.Append((char)one[0]);
        return head.ToString();
    }
}

/// <summary>What an upstream server sends before it closes the connection.</summary>
/// <param name="Bytes">Head and body.</param>
/// <param name="Zeros">How many zeros follow.</param>
/// <param name="Reset">When the connection is to be reset in place of being closed; null for never.</param>
internal sealed record UpstreamAnswer(byte[] Bytes, long Zeros = 0, Task? Reset = null)
{
    internal static UpstreamAnswer Of(string text) => new(Encoding.UTF8.GetBytes(text));

    /// <summary>A whole answer.</summary>
    internal static UpstreamAnswer Of(string status, string body, string fields = "") =>
        Of($"HTTP/1.1 {status}\r\n{fields}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}");
}

using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Buildd.Protocol.XmlRpc;

namespace Buildd.IntegrationTests.Wire.Fuzzing;

/// <summary>Sends hostile requests one after the other, over one connection as long as it lasts, and looks at what comes back.</summary>
internal sealed partial class FuzzClient(int port, FuzzTally tally) : IDisposable
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>What no answer is longer than; a slave that sends on and on is a find.</summary>
    private const int MaxAnswerBytes = 64 * 1024 * 1024;

    /// <summary>
    /// How long an answer to half a request may take before the other half is given up. Nothing is asserted by it: it only
    /// decides when the connection's end is said.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(30);

    /// <summary>After this, nobody is thinking any more.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>Which answers with 5xx there may be, and why.</summary>
    private static readonly Dictionary<int, string> AllowedServerErrors = new()
    {
        [501] = "what the reference answers to a method of HTTP that it does not know",
        [503] = "what /healthz answers when builds could not run, or the disk is too busy to tell",
        [505] = "a version of HTTP that nobody speaks; it is the server's answer and ends the connection",
    };

    private readonly byte[] _buffer = new byte[BufferBytes];
    private Socket? _socket;
    private BufferedStream? _stream;

    internal async Task SendAsync(int number, string mutation, byte[] request, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Deadline);
        tally.Sent(mutation);
        try
        {
            await ConnectAsync(deadline.Token);
            await _socket!.SendAsync(request, deadline.Token);
            if (Framing.IsOneRequest(request))
                await ReceiveOneAsync(number, mutation, request, deadline.Token);
            else
                await ReceiveAllAsync(number, mutation, request, deadline.Token);
        }
        catch (Exception e) when (e is SocketException or IOException { InnerException: SocketException })
        {
            tally.Answered(mutation, "reset"); // hung up on in the middle of the request
            Close();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            tally.IsWrong($"no end within {Deadline.TotalSeconds} s", number, request);
            Close();
        }
    }

    public void Dispose() => Close();

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        if (_socket is not null)
            return;
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await _socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
        _stream = new BufferedStream(new NetworkStream(_socket), BufferBytes);
    }

    /// <summary>The request is whole: there is an answer, and it is one.</summary>
    private async Task ReceiveOneAsync(int number, string mutation, byte[] request, CancellationToken cancellationToken)
    {
        RawAnswer? answer;
        try
        {
            answer = await RawAnswer.ReadAsync(_stream!, request.AsSpan().StartsWith("HEAD "u8), cancellationToken);
        }
        catch (Exception e) when (e is FormatException or OverflowException or EndOfStreamException)
        {
            tally.IsWrong($"what came back is no HTTP: {e.Message}", number, request);
            Close();
            return;
        }

        if (answer is null)
        {
            tally.IsWrong("a whole request got no answer", number, request);
            Close();
            return;
        }

        Judge(answer.Status, number, mutation, request);
        if (answer.Status == 200 && request.AsSpan().StartsWith("POST "u8))
            JudgeReply(answer.Body, number, request);
        if (answer.Field("Connection") == "close")
            Close();
    }

    /// <summary>Nobody knows how many requests these bytes are, and whether the last of them is whole.</summary>
    private async Task ReceiveAllAsync(int number, string mutation, byte[] request, CancellationToken cancellationToken)
    {
        var answers = 0;
        var rest = "";
        long received = 0;
        try
        {
            var receiving = _socket!.ReceiveAsync(_buffer, cancellationToken).AsTask();
            if (await Task.WhenAny(receiving, Task.Delay(Patience, cancellationToken)) != receiving)
                _socket.Shutdown(SocketShutdown.Send);
            for (int count; (count = await receiving) > 0; receiving = _socket.ReceiveAsync(_buffer, cancellationToken).AsTask())
            {
                received += count;
                var text = rest + Encoding.Latin1.GetString(_buffer, 0, count);
                foreach (Match match in StatusLine().Matches(text))
                {
                    answers++;
                    Judge(int.Parse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture), number, mutation, request);
                }

                rest = text[Math.Max(0, text.Length - StatusLineLength + 1)..];
                if (received > MaxAnswerBytes)
                {
                    tally.IsWrong("an answer without end", number, request);
                    break;
                }

                if (answers > 0)
                    _socket.Shutdown(SocketShutdown.Send);
            }
        }
        finally
        {
            Close();
        }

        if (answers == 0)
            tally.Answered(mutation, "closed");
    }

    private void Judge(int status, int number, string mutation, byte[] request)
    {
        tally.Answered(mutation, status.ToString(CultureInfo.InvariantCulture));
        if (status >= 500 && !AllowedServerErrors.ContainsKey(status))
            tally.IsWrong($"HTTP status {status}", number, request);
    }

    /// <summary>What a call is answered with is a value or one of the faults of the protocol.</summary>
    private void JudgeReply(byte[] body, int number, byte[] request)
    {
        try
        {
            XmlRpcReader.ReadResponse(new ReadOnlySequence<byte>(body));
        }
        catch (XmlRpcFaultException e)
        {
            tally.Faulted(e.Fault.Code, e.Fault.Message);
            if (e.Fault.Code is not (8001 or 8002))
                tally.IsWrong($"fault {e.Fault.Code}", number, request);
        }
        catch (XmlRpcReadException e)
        {
            tally.IsWrong($"the answer is no XML-RPC: {e.Message}", number, request);
        }
    }

    private void Close()
    {
        _stream?.Dispose();
        _socket?.Dispose();
        (_stream, _socket) = (null, null);
    }

    private const int StatusLineLength = 12;

    [GeneratedRegex(@"HTTP/1\.1 ([0-9]{3})")]
    private static partial Regex StatusLine();
}

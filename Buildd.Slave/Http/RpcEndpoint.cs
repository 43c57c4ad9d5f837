using System.Buffers;
using Buildd.Linux.Text;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Buildd.Slave.Http;

/// <summary>The XML-RPC endpoint: reads a call, has it carried out, writes the answer. Faults are answers with status 200.</summary>
internal sealed class RpcEndpoint(SlaveCalls calls, int maxBodyBytes, SlaveMeters meters, ILogger<RpcEndpoint> logger)
{
    /// <summary>How much of a method's name a line of the log shows, in characters.</summary>
    private const int MaxShownMethod = 64;

    private const string AnswerType = "text/xml; charset=utf-8";

    /// <summary>What a body is given room for before it comes; a status call has some hundred bytes, a build call a few thousand.</summary>
    private const int FirstBytes = 16 * 1024;

    /// <summary>The initial size of an answer's buffer; an answer to <c>status</c> without a build has some 300 bytes.</summary>
    private const int FirstAnswerBytes = 1024;

    /// <summary>So much of a refusal's reason is told; percent-encoded it takes nine times as many bytes at most.</summary>
    private const int MaxRefusalCharacters = 500;

    /// <summary>The longest <c>status</c> call that is kept; masters send some 100 bytes.</summary>
    private const int MaxKeptBytes = 512;

    /// <summary>
    /// The last <c>status</c> call. Masters send hardly anything else, and always the same bytes; parsing them each time took a
    /// quarter of the processor time of an answer.
    /// </summary>
    private KeptCall? _status;

    internal async Task HandleAsync(HttpContext http)
    {
        if (http.Request.Method != HttpMethods.Post)
        {
            await Pages.WrongMethodAsync(http, HttpMethods.Post).ConfigureAwait(false);
            return;
        }

        ReadOnlyMemory<byte>? sent;
        try
        {
            sent = await ReadBodyAsync(http).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            // Chunks that are none, or a body that came too slowly: the client's doing, and nothing for our log. The server
            // has an exception of its own for that, but not for the size of a chunk that overflows.
            http.Response.StatusCode = (e as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status400BadRequest;
            http.Response.Headers.Connection = "close";
            http.Response.ContentLength = 0;
            return;
        }
        catch (InvalidOperationException)
        {
            http.Abort(); // a NUL in a trailer: after it the server can't find the end of the body either
            return;
        }

        var output = new ArrayBufferWriter<byte>(FirstAnswerBytes);
        if (sent is { } body)
        {
            await AnswerAsync(http, body, output).ConfigureAwait(false);
        }
        else
        {
            // What is left of the body is not worth reading.
            http.Response.Headers.Connection = "close";
            XmlRpcWriter.WriteFault(output, XmlRpcFaults.CannotDeserialize($"the request is larger than {maxBodyBytes} bytes"));
        }

        http.Response.ContentType = AnswerType;
        http.Response.ContentLength = output.WrittenCount; // old clients can't read a chunked answer
        await http.Response.BodyWriter.WriteAsync(output.WrittenMemory, http.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>The body, or null when it is larger than the limit.</summary>
    private async Task<ReadOnlyMemory<byte>?> ReadBodyAsync(HttpContext http)
    {
        if (http.Request.ContentLength > maxBodyBytes)
            return null;

        // What is said to come is made room for up to a point: many could say much, and send nothing.
        var body = new ArrayBufferWriter<byte>((int)Math.Min(http.Request.ContentLength ?? FirstBytes, FirstBytes) + 1);
        var reader = http.Request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync(http.RequestAborted).ConfigureAwait(false);
            if (body.WrittenCount + result.Buffer.Length > maxBodyBytes)
                return null;

            foreach (var segment in result.Buffer)
                body.Write(segment.Span);
            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                return body.WrittenMemory;
        }
    }

    private async Task AnswerAsync(HttpContext http, ReadOnlyMemory<byte> body, ArrayBufferWriter<byte> output)
    {
        var cancellationToken = http.RequestAborted;
        XmlRpcFault fault;
        var method = "a call";
        var began = meters.CallBegan();
        var outcome = CallOutcome.Malformed;
        try
        {
            var call = ReadCall(body);
            method = call.MethodName;
            var answer = await calls.CarryOutAsync(SlaveCall.FromXmlRpc(call), cancellationToken).ConfigureAwait(false);
            XmlRpcWriter.WriteResponse(output, answer);
            outcome = CallOutcome.Ok;
            return;
        }
        catch (XmlRpcReadException e)
        {
            fault = XmlRpcFaults.CannotDeserialize(e.Message);
        }
        catch (UnknownMethodException e)
        {
            fault = XmlRpcFaults.UnknownMethod(e.MethodName);
        }
        catch (XmlRpcWriteException e)
        {
            fault = XmlRpcFaults.CannotSerialize(e.Message);
        }
        catch (Exception e) when (e is RefusedException or MessageFormatException)
        {
            outcome = CallOutcome.Refused;
            if (e is RefusedException { IsOfTheBuild: true })
                http.Response.Headers[WireNames.RefusalField] = Uri.EscapeDataString(Printable.Line(e.Message, MaxRefusalCharacters));
            logger.LogCallRefused(Printable.Line(method, MaxShownMethod), e.Message);
            fault = XmlRpcFaults.Error;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            outcome = CallOutcome.Gone;
            throw; // nobody is there to answer
        }
        catch (Exception e) // a call that breaks is one call; it is logged, and the slave answers the next
        {
            outcome = CallOutcome.Failed;
            logger.LogCallBroken(e, Printable.Line(method, MaxShownMethod));
            fault = XmlRpcFaults.Error;
        }
        finally
        {
            meters.CallEnded(method, outcome, began);
        }

        output.ResetWrittenCount();
        XmlRpcWriter.WriteFault(output, fault);
    }

    /// <exception cref="XmlRpcReadException">It is no proper call.</exception>
    private XmlRpcCall ReadCall(ReadOnlyMemory<byte> body)
    {
        if (Volatile.Read(ref _status) is { } kept && body.Span.SequenceEqual(kept.Body))
            return kept.Call;

        var call = XmlRpcReader.ReadCall(new ReadOnlySequence<byte>(body));
        if (call is { MethodName: WireNames.Methods.Status, Parameters.Count: 0 } && body.Length <= MaxKeptBytes)
            Volatile.Write(ref _status, new KeptCall(body.ToArray(), call));
        return call;
    }

    /// <param name="Body">The bytes as they were received.</param>
    /// <param name="Call">What they mean.</param>
    private sealed record KeptCall(byte[] Body, XmlRpcCall Call);
}

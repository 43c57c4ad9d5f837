using System.Net;
using System.Net.Http.Headers;
using Buildd.Protocol.Messages;
using Buildd.Protocol.Secrets;

namespace Buildd.Protocol.Client;

/// <summary>Opens connections that deliver a file of a slave's cache.</summary>
internal sealed class FileSource(HttpClient http, SlaveClientOptions options, TimeProvider time, string name)
{
    private readonly Uri _url = SlaveUrl.Below(options.Url, $"{WireNames.FileCachePath}/{Uri.EscapeDataString(name)}");

    private readonly Exchange _exchange =
        new($"file {name} at {UrlCredentials.Without(options.Url)}", time);

    /// <summary>The file and the slave, for messages.</summary>
    public string What => _exchange.What;

    /// <summary>Asks for the file from the offset on.</summary>
    /// <param name="offset">Bytes to leave out.</param>
    /// <param name="expectedLength">The file's whole length, if it is known already.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <exception cref="SlaveException">It failed, or the file has another length.</exception>
    public async Task<FilePart> OpenAsync(long offset, long? expectedLength, CancellationToken cancellationToken)
    {
        var response = await _exchange
            .RunAsync(token => GetAsync(offset, token), options.StallTimeout, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            var (totalLength, skip) = Interpret(response, offset);
            if (expectedLength is { } expected && totalLength != expected)
                throw Unexpected($"it had {expected} bytes and now has {totalLength}.");

            var content = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            var part = new FilePart(response, content, totalLength);
            await SkipAsync(part, skip, cancellationToken).ConfigureAwait(false);
            return part;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>Waits for the next bytes of a part, as long as a stall may be.</summary>
    /// <returns>How many; 0 when the connection ended.</returns>
    /// <exception cref="SlaveException">The connection broke, or nothing came.</exception>
    public Task<int> ReadAsync(FilePart part, Memory<byte> buffer, CancellationToken cancellationToken) =>
        _exchange.RunAsync(
            token => part.Content.ReadAsync(buffer, token).AsTask(), options.StallTimeout, cancellationToken);

    private async Task<HttpResponseMessage> GetAsync(long offset, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _url);
        request.Headers.Authorization = options.Authorization();
        if (offset > 0)
            request.Headers.Range = new RangeHeaderValue(offset, null);
        var response = await http
            .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            SlaveUrl.RequireAnswerOf(_url, request, What);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>The file's whole length, and how many bytes come too many at the start.</summary>
    private (long TotalLength, long Skip) Interpret(HttpResponseMessage response, long offset)
    {
        var headers = response.Content.Headers;
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK:
                var length = headers.ContentLength
                    ?? throw Unexpected("the answer has no Content-Length, or was decompressed on its way.");
                return offset <= length ? (length, offset) : throw TooShort(length, offset);

            case HttpStatusCode.PartialContent:
                return headers.ContentRange is { Unit: "bytes", From: { } from, To: { } to, Length: { } total }
                    && from == offset && to == total - 1
                    ? (total, 0)
                    : throw Unexpected($"asked for bytes from {offset}, got '{headers.ContentRange}'.");

            // Nothing more, and an empty body: whoever follows a log has come to its end.
            case HttpStatusCode.RequestedRangeNotSatisfiable when headers.ContentRange?.Length == offset:
                return (offset, 0);

            case HttpStatusCode.RequestedRangeNotSatisfiable when headers.ContentRange?.Length < offset:
                throw TooShort(headers.ContentRange.Length.Value, offset);

            case HttpStatusCode.NotFound:
                throw new SlaveFileNotFoundException($"{What}: there is no such file.", name);

            default:
                throw new SlaveProtocolException(
                    $"{What}: answered with HTTP status {(int)response.StatusCode}.", response.StatusCode);
        }
    }

    /// <summary>A server that doesn't know ranges sends all of it.</summary>
    private async Task SkipAsync(FilePart part, long count, CancellationToken cancellationToken)
    {
        if (count == 0)
            return;

        var buffer = new byte[(int)Math.Min(count, 64 * 1024)];
        while (count > 0)
        {
            var read = await ReadAsync(part, buffer.AsMemory(0, (int)Math.Min(count, buffer.Length)), cancellationToken)
                .ConfigureAwait(false);
            if (read == 0)
                throw new SlaveConnectionException($"{What}: the connection ended early.");
            count -= read;
        }
    }

    private SlaveProtocolException TooShort(long length, long offset) =>
        new(
            $"{What}: it has {length} bytes, fewer than the {offset} to leave out.",
            HttpStatusCode.RequestedRangeNotSatisfiable);

    private SlaveProtocolException Unexpected(string problem) => new($"{What}: {problem}");
}

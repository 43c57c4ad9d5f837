using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using Buildd.Protocol.Messages;
using Buildd.Protocol.Secrets;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Protocol.Client;

/// <summary>
/// The conversation with one slave over HTTP: calls are posted to <c>BASE/rpc</c>, files are got from
/// <c>BASE/filecache/NAME</c>. Any thread may call, also at the same time. Nothing is sent twice by itself, except that
/// a broken download goes on where it was.
/// </summary>
public sealed class SlaveClient : ISlaveClient
{
    private const int ReadBytes = 16 * 1024;

    private readonly HttpClient _http;
    private readonly SlaveClientOptions _options;
    private readonly TimeProvider _time;
    private readonly Uri _rpc;

    /// <summary>A client of the slave that the options name.</summary>
    /// <param name="http">
    /// The transport; it is not disposed of and may be shared. Its own <see cref="HttpClient.Timeout"/> has to be
    /// infinite, or longer than the options' timeouts. Its handler must not decompress: the cache names the encoding of a <c>.gz</c>
    /// file that is to stay as it is. Nor must it follow redirects (<c>AllowAutoRedirect = false</c>): no slave has any, and one that
    /// has been taken over would lead us to what only we reach. An answer that came by one is refused.
    /// </param>
    /// <param name="options">The slave and the timeouts.</param>
    /// <param name="timeProvider">The clock that timeouts go by; the system's when null.</param>
    /// <exception cref="ArgumentException">The URL is no base URL, or a number is out of its range.</exception>
    public SlaveClient(HttpClient http, SlaveClientOptions options, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        _http = http;
        _options = options;
        _time = timeProvider ?? TimeProvider.System;
        _rpc = SlaveUrl.Below(options.Url, WireNames.RpcPath);
        Url = UrlCredentials.Without(options.Url);
    }

    /// <inheritdoc/>
    public Uri Url { get; }

    /// <inheritdoc/>
    public Task<IReadOnlyList<XmlRpcValue>> EchoAsync(
        IReadOnlyList<XmlRpcValue> arguments, CancellationToken cancellationToken = default) => CallAsync(
        new EchoCall(arguments),
        IReadOnlyList<XmlRpcValue> (value) => Shape.Items(value, 0, "the answer to echo"),
        cancellationToken);

    /// <inheritdoc/>
    public Task<InfoReply> InfoAsync(CancellationToken cancellationToken = default) =>
        CallAsync(new InfoCall(), InfoReply.FromXmlRpc, cancellationToken);

    /// <inheritdoc/>
    public Task<StatusReply> StatusAsync(CancellationToken cancellationToken = default) =>
        CallAsync(new StatusCall(), StatusReply.FromXmlRpc, cancellationToken);

    /// <inheritdoc/>
    public Task<EnsurePresentReply> EnsurePresentAsync(
        EnsurePresentCall call, CancellationToken cancellationToken = default) =>
        CallAsync(call, EnsurePresentReply.FromXmlRpc, cancellationToken);

    /// <inheritdoc/>
    public Task<BuildReply> BuildAsync(BuildCall call, CancellationToken cancellationToken = default) =>
        CallAsync(call, BuildReply.FromXmlRpc, cancellationToken);

    /// <inheritdoc/>
    public Task<BuilderStatusReply> AbortAsync(CancellationToken cancellationToken = default) =>
        CallAsync(new AbortCall(), BuilderStatusReply.FromXmlRpc, cancellationToken);

    /// <inheritdoc/>
    public Task<BuilderStatusReply> CleanAsync(CancellationToken cancellationToken = default) =>
        CallAsync(new CleanCall(), BuilderStatusReply.FromXmlRpc, cancellationToken);

    /// <inheritdoc/>
    public Task<ProxyInfoReply> ProxyInfoAsync(CancellationToken cancellationToken = default) =>
        CallAsync(new ProxyInfoCall(), ProxyInfoReply.FromXmlRpc, cancellationToken);

    /// <inheritdoc/>
    public async Task<SlaveFile> OpenFileAsync(
        string name, long offset = 0, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (name is "." or ".." || name.AsSpan().ContainsAny('/', '\\', '\0'))
            throw new ArgumentException($"'{name}' is no name of a file in a cache.", nameof(name));

        var source = new FileSource(_http, _options, _time, name);
        var part = await source.OpenAsync(offset, null, cancellationToken).ConfigureAwait(false);
        return new SlaveFile(
            part.TotalLength, offset, new ResumingStream(source, part, offset, _options.DownloadAttempts - 1));
    }

    private async Task<T> CallAsync<T>(
        SlaveCall call, Func<XmlRpcValue, T> read, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        var sent = call.ToXmlRpc();
        var body = new ArrayBufferWriter<byte>();
        XmlRpcWriter.WriteCall(body, sent);

        var timeout = call is EnsurePresentCall ? _options.EnsurePresentTimeout : _options.CallTimeout;
        var exchange = new Exchange($"{sent.MethodName} at {Url}", _time);
        var (answer, refusal) = await exchange
            .RunAsync(token => PostAsync(body.WrittenMemory, exchange.What, token), timeout, cancellationToken)
            .ConfigureAwait(false);

        try
        {
            return read(XmlRpcReader.ReadResponse(new ReadOnlySequence<byte>(answer)));
        }
        catch (XmlRpcFaultException exception)
        {
            throw new SlaveFaultException(
                $"{exchange.What}: the slave answered with fault {exception.Fault.Code}: {exception.Fault.Message}",
                exception.Fault)
            {
                Refusal = refusal,
            };
        }
        catch (Exception exception) when (exception is XmlRpcReadException or MessageFormatException)
        {
            throw new SlaveProtocolException(
                $"{exchange.What}: the answer is not understood: {exception.Message}", null, exception);
        }
    }

    private async Task<(ReadOnlyMemory<byte> Answer, string? Refusal)> PostAsync(
        ReadOnlyMemory<byte> body, string what, CancellationToken cancellationToken)
    {
        using var content = new ReadOnlyMemoryContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(WireNames.ContentType);
        using var request = new HttpRequestMessage(HttpMethod.Post, _rpc) { Content = content };
        request.Headers.Authorization = _options.Authorization();

        using var response = await _http
            .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
            .ConfigureAwait(false);
        SlaveUrl.RequireAnswerOf(_rpc, request, what);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new SlaveProtocolException(
                $"{what}: answered with HTTP status {(int)response.StatusCode}.", response.StatusCode);
        }

        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = stream.ConfigureAwait(false);
        var answer = new ArrayBufferWriter<byte>(ReadBytes);
        while (true)
        {
            var count = await stream.ReadAsync(answer.GetMemory(ReadBytes), cancellationToken).ConfigureAwait(false);
            if (count == 0)
                return (answer.WrittenMemory, RefusalIn(response));
            answer.Advance(count);
            if (answer.WrittenCount > XmlRpcLimits.MaxBodyBytes)
            {
                throw new SlaveProtocolException(
                    $"{what}: the answer has more bytes than the limit of {XmlRpcLimits.MaxBodyBytes}.");
            }
        }
    }

    private static string? RefusalIn(HttpResponseMessage response) =>
        response.Headers.TryGetValues(WireNames.RefusalField, out var values) ? Uri.UnescapeDataString(values.First()) : null;
}

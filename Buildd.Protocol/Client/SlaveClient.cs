using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Protocol.Client;

/// <summary>The conversation with one slave over HTTP.</summary>
/// <param name="http">The HTTP client.</param>
/// <param name="options">The slave and the timeouts.</param>
/// <param name="timeProvider">The clock that timeouts go by; the system's when null.</param>
public sealed class SlaveClient(HttpClient http, SlaveClientOptions options, TimeProvider? timeProvider = null)
    : ISlaveClient
{
    private readonly HttpClient _http = http;
    private readonly TimeProvider _time = timeProvider ?? TimeProvider.System;

    /// <inheritdoc/>
    public Uri Url { get; } = SlaveUrl.WithoutCredentials(options.Url);

    /// <inheritdoc/>
    public Task<IReadOnlyList<XmlRpcValue>> EchoAsync(
        IReadOnlyList<XmlRpcValue> arguments, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task<InfoReply> InfoAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task<StatusReply> StatusAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task<EnsurePresentReply> EnsurePresentAsync(EnsurePresentCall call, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task<BuildReply> BuildAsync(BuildCall call, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task<BuilderStatusReply> AbortAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException(_http.ToString() + _time);

    /// <inheritdoc/>
    public Task<BuilderStatusReply> CleanAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task<ProxyInfoReply> ProxyInfoAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task<SlaveFile> OpenFileAsync(string name, long offset = 0, CancellationToken cancellationToken = default) => throw new NotImplementedException();
}

using System.Net;
using System.Net.Http.Headers;
using Buildd.Master.Builders;
using Buildd.Protocol.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Buildd.Master.Connections;

/// <summary>
/// Connects a master to the slaves of its builders, with the keys that guarded slaves want. A slave is the least trusted machine of a farm:
/// redirects are not followed, and no proxy is used. Any thread may call.
/// </summary>
public sealed class SlaveConnections : IDisposable
{
    /// <summary>So that addresses and certificates that have changed hold for all connections after that time.</summary>
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(10);

    private readonly SlaveKeys _keys;
    private readonly TimeSpan _connectTimeout;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpMessageInvoker _plain;
    private readonly WatchedFiles<HttpMessageInvoker> _certified;
    private readonly WatchedFiles<string>? _token;
    private HttpMessageInvoker? _retired;
    private HttpMessageInvoker? _latest;

    /// <summary>Makes one; no file is read before it is needed.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="connectTimeout">How long making a connection may take.</param>
    /// <param name="time">The clock; the system's by default.</param>
    /// <param name="logger">Is told of files that can't be used any more; nobody by default.</param>
    /// <exception cref="ArgumentException">There is a certificate without a key, or a key without a certificate.</exception>
    public SlaveConnections(
        SlaveKeys keys, TimeSpan connectTimeout, TimeProvider? time = null, ILogger<SlaveConnections>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(keys);
        if (keys.Certificate is null != keys.Key is null)
            throw new ArgumentException("A client's certificate and its key are only of use together.", nameof(keys));
        (_keys, _connectTimeout, _time) = (keys, connectTimeout, time ?? TimeProvider.System);
        _logger = logger ?? NullLogger<SlaveConnections>.Instance;
        _plain = new HttpMessageInvoker(MakeHandler());
        string?[] files = [keys.Certificate, keys.Key, keys.Authorities];
        _certified = new WatchedFiles<HttpMessageInvoker>([.. files.OfType<string>()], MakeCertified, _logger);
        _token = keys.TokenFile is { } path ? WatchToken(path) : null;
    }

    /// <summary>Reads a file with a token, as <see cref="Connect"/> would.</summary>
    /// <exception cref="SlaveKeyException">It can't be used.</exception>
    public static void CheckToken(string path) => KeyReader.ReadToken(path);

    /// <summary>Reads all files.</summary>
    /// <exception cref="SlaveKeyException">One can't be used.</exception>
    public void Check()
    {
        _ = _token?.Current;
        if (_keys.HasCertificates)
            _ = _certified.Current;
    }

    /// <summary>
    /// Makes the client of a builder's slave. Each call of it throws, beside what <see cref="ISlaveClient"/> says,
    /// <see cref="SlaveKeyException"/> when a file with a key can't be used.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="timeout">How long a call may take, and a file be silent.</param>
    public ISlaveClient Connect(Builder builder, TimeSpan timeout)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var token = builder.TokenFile is { } path ? WatchToken(path) : _token;
        // Of no account by itself: the transport is ours, and disposed of with us.
        var http = new HttpClient(new KeyHandler(this, token), disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        return new SlaveClient(http, new SlaveClientOptions { Url = builder.Url, CallTimeout = timeout, StallTimeout = timeout }, _time);
    }

    /// <summary>
    /// Says what a call to a builder's slave came to, for people: the exception's message, and what to do where the slave may not have
    /// liked our key.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="exception">What was thrown.</param>
    public static string Explain(Builder builder, Exception exception)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(exception);
        var message = Secrets.Quote(exception.Message);
        return exception switch
        {
            SlaveProtocolException { StatusCode: HttpStatusCode.Unauthorized } => builder switch
            {
                { TokenFile: { } path } =>
                    $"{builder.Name} refuses the token in '{path}': {message} Its slave's token-file has to hold the same.",
                { Url.UserInfo.Length: > 0 } => $"{builder.Name} refuses the user and password of its address: {message}",
                _ => $"{builder.Name} wants a token, and gets none or another: {message} The token of all builders, or one of its own, has "
                    + "to be what its slave's token-file holds.",
            },
            SlaveProtocolException { StatusCode: HttpStatusCode.Forbidden } => $"{builder.Name} does not let this master in: {message}",
            SlaveConnectionException when builder.Url.Scheme == Uri.UriSchemeHttps =>
                $"{message} If the slave of {builder.Name} is up, look at the certificates: its own has to be for the name in its address "
                    + "and signed by an authority that counts here; if it has a client-ca, ours has to be signed by that.",
            _ => message,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _plain.Dispose();
        _retired?.Dispose();
        _latest?.Dispose();
    }

    private WatchedFiles<string> WatchToken(string path) => new([path], () => KeyReader.ReadToken(path), _logger);

    private SocketsHttpHandler MakeHandler() => new()
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        ConnectTimeout = _connectTimeout,
        PooledConnectionLifetime = ConnectionLifetime,
    };

    private HttpMessageInvoker MakeCertified()
    {
        var handler = MakeHandler();
        try
        {
            handler.SslOptions = KeyReader.ReadCertificates(_keys, _time.GetUtcNow());
        }
        catch
        {
            handler.Dispose();
            throw;
        }

        // The one before may just be handed a request; what it has begun goes on when it is disposed of.
        _retired?.Dispose();
        (_retired, _latest) = (_latest, new HttpMessageInvoker(handler));
        return _latest;
    }

    /// <summary>Adds the key to each request.</summary>
    private sealed class KeyHandler(SlaveConnections connections, WatchedFiles<string>? token) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Headers.Authorization is null && token is not null)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Current);
            var isCertified = connections._keys.HasCertificates && request.RequestUri?.Scheme == Uri.UriSchemeHttps;
            return (isCertified ? connections._certified.Current : connections._plain).SendAsync(request, cancellationToken);
        }
    }
}

using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Buildd.Daemon.Security;

/// <summary>Puts the options into the server: what they limit, and who may connect.</summary>
internal static class KestrelSecurity
{
    internal static void Limit(KestrelServerLimits limits, SecurityOptions options)
    {
        var rate = options.MinBytesPerSecond == 0 ? null : new MinDataRate(options.MinBytesPerSecond, options.SlowTimeout);
        limits.MaxConcurrentConnections = options.MaxConnections;
        limits.RequestHeadersTimeout = options.SlowTimeout;
        limits.MinRequestBodyDataRate = rate;
        limits.MinResponseDataRate = rate;
    }

    internal static void Guard(ListenOptions listen, SecurityOptions options, SecretFiles files, ILogger logger)
    {
        listen.Protocols = HttpProtocols.Http1;
        if (options.Allow.Count > 0)
            listen.Use(next => connection => HandleAsync(connection, next, options, logger));
        if (files.Tls is not null)
        {
            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                HandshakeTimeout = options.SlowTimeout,
                OnConnection = _ => ValueTask.FromResult(files.Tls!.HandshakeOptions()),
            });
        }
    }

    /// <summary>Before TLS and HTTP: whoever may not connect is hung up on, whatever it sends.</summary>
    private static Task HandleAsync(ConnectionContext connection, ConnectionDelegate next, SecurityOptions options, ILogger logger)
    {
        if (connection.RemoteEndPoint is IPEndPoint remote && AddressList.Contains(options.Allow, remote.Address))
            return next(connection);

        logger.LogAddressNotAllowed(connection.RemoteEndPoint);
        connection.Abort();
        return Task.CompletedTask;
    }
}

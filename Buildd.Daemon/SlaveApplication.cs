using Buildd.Daemon.Configuration;
using Buildd.Daemon.Logging;
using Buildd.Daemon.Security;
using Buildd.Daemon.Systemd;
using Buildd.Linux.Systemd;
using Buildd.Slave.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Hosting.Systemd;

namespace Buildd.Daemon;

/// <summary>The one place where the slave's parts meet; the program and the tests both call it.</summary>
public static class SlaveApplication
{
    /// <summary>How long a kept connection may be silent; the reference's figure.</summary>
    private static readonly TimeSpan KeepAliveTimeout = TimeSpan.FromSeconds(60);

    /// <summary>How long a request line may be, and its header fields in all, in bytes; the reference's figure for both together.</summary>
    private const int MaxHeadBytes = 16384;

    /// <summary>How many header fields a request may have; the reference's figure.</summary>
    private const int MaxHeaderFields = 500;

    /// <summary>The time limit for draining a body that no endpoint has read; the server's own figure.</summary>
    private static readonly TimeSpan RestTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Puts a slave together. It listens once the application is started.</summary>
    /// <param name="configuration">What it is told.</param>
    /// <param name="sockets">Descriptors that listen already; then it listens at these, whatever the configuration says.</param>
    /// <param name="systemd">
    /// Notified of the slave's state. When it is enabled, the host notifies it that it has started and that it stops, and stops at
    /// SIGTERM and at no other signal. Null: there is no systemd.
    /// </param>
    /// <exception cref="ConfigurationException">The log can't be opened, or certificates or the token can't be used.</exception>
    public static WebApplication Create(
        DaemonConfiguration configuration, IReadOnlyList<int>? sockets = null, ISystemdNotifier? systemd = null)
    {
        ContainerTypes.Include();
        var security = configuration.Security;
        // Empty: no settings files and no watcher on the working folder, which would follow every file of every chroot.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        var log = OpenLog(configuration.Log);
        builder.Services.AddSingleton(_ => log);
        builder.Services.AddSingleton<ILoggerProvider>(_ => log);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // This category logs nothing at that level, but as long as it may, the server starts an Activity for each request.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        builder.Services.AddSingleton(provider =>
        {
            var logger = provider.GetRequiredService<ILoggerFactory>().CreateLogger<HostNotifier>();
            return new ServiceNotifier(
                systemd is { IsEnabled: true } ? state => systemd.Notify(new ServiceState(state)) : null, logger.LogSystemdUnreachable);
        });
        // Not AddSystemd(): it asks whether the parent process is called systemd, and changes how the console logs.
        if (systemd is { IsEnabled: true })
        {
            builder.Services.AddSingleton<ISystemdNotifier, HostNotifier>();
            builder.Services.AddSingleton<IHostLifetime, SystemdLifetime>();
        }

        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null; // the endpoint has its own limit and answers with the fault
            kestrel.Limits.KeepAliveTimeout = KeepAliveTimeout;
            kestrel.Limits.MaxRequestLineSize = MaxHeadBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeadBytes;
            kestrel.Limits.MaxRequestHeaderCount = MaxHeaderFields;
            KestrelSecurity.Limit(kestrel.Limits, security);
            foreach (var socket in sockets ?? [])
                kestrel.ListenHandle((ulong)socket, Guard);
            if (sockets is not { Count: > 0 })
                kestrel.Listen(configuration.BindAddress, configuration.BindPort, Guard);

            void Guard(ListenOptions listen) => KestrelSecurity.Guard(
                listen, security, kestrel.ApplicationServices.GetRequiredService<SecretFiles>(),
                kestrel.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(KestrelSecurity).FullName!));
        });
        builder.Services.AddSingleton(provider => new SecretFiles(
            security, TimeProvider.System, provider.GetRequiredService<ILoggerFactory>().CreateLogger<SecretFiles>()));
        builder.Services.AddHostedService(provider => provider.GetRequiredService<SecretFiles>());
        builder.Services.AddBuilddSlave(configuration.Slave);
        builder.Services.AddHostedService(provider => new EnvironmentTrials(
            configuration.Kinds,
            configuration.Overlays,
            configuration.Slave.WorkDirectory,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>().CreateLogger<EnvironmentTrials>()));
        var application = builder.Build();
        var files = application.Services.GetRequiredService<SecretFiles>(); // now, so that a mistake is told before anything starts
        application.Use(CloseOldConnections);
        application.Use(ReadToTheEnd);
        if (files.Token is not null)
            application.Use(new TokenGate(files).HandleAsync);
        application.UseRouting();
        application.Use((http, next) => http.GetEndpoint() is null ? BuilddSlaveEndpoints.AnswerUnknownAsync(http) : next(http));
        application.MapBuilddSlave();
        application.Logger.LogRunsAsRoot(configuration.Root.Description);
        return application;
    }

    private static DaemonLog OpenLog(DaemonLogOptions options)
    {
        try
        {
            return new DaemonLog(options, JournalOutput.IsStandardOutput(), TimeProvider.System);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"the log '{options.Path}' can't be opened: {e.Message}", e);
        }
    }

    /// <summary>
    /// A client of HTTP/1.0 may wait for the connection's end, whatever it says of keeping it: the reference closes it after
    /// each answer. Without a length the end is also all that such a client has; the server never sends it chunks.
    /// </summary>
    private static Task CloseOldConnections(HttpContext http, RequestDelegate next)
    {
        if (HttpProtocol.IsHttp10(http.Request.Protocol))
            http.Response.Headers.Connection = "close";
        return next(http);
    }

    /// <summary>
    /// Reads the rest of a body that no endpoint has read, before the server does. A NUL in one of its trailers is the client's doing,
    /// and the server would log it as an error of ours.
    /// </summary>
    private static async Task ReadToTheEnd(HttpContext http, RequestDelegate next)
    {
        await next(http);
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true } || http.Request.ContentLength is not null)
            return; // only chunks have trailers

        await http.Response.CompleteAsync(); // the client need not wait
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        timeout.CancelAfter(RestTimeout);
        try
        {
            await http.Request.Body.CopyToAsync(Stream.Null, timeout.Token);
        }
        catch (IOException)
        {
            // no proper chunks: the server knows by now that the connection can't go on
        }
        catch (Exception e) when (e is InvalidOperationException or OperationCanceledException)
        {
            http.Abort(); // nobody can or wants to find the end of the body
        }
    }
}

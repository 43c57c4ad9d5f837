using System.Net.Sockets;
using Buildd.Farm.Inputs;
using Buildd.Farm.Mail;
using Buildd.Farm.Telemetry;
using Buildd.Master;
using Buildd.Master.Connections;
using Buildd.Master.Notification;
using Buildd.Master.Uploads;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;

namespace Buildd.Cli.Application;

/// <summary>The one place where the farm's parts meet in one host: master, processing of uploads, server of inputs, figures.</summary>
internal static class FarmApplication
{
    /// <summary>The time that a 'process-upload' run by hand may keep ours waiting before a line in the log says so.</summary>
    private static readonly TimeSpan UploadLockWait = TimeSpan.FromMinutes(1);

    /// <summary>The time that requests for inputs get to finish at the end. A slave resumes a broken download.</summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The connections at a time, as a slave has them by default; one more is closed.</summary>
    private const int MaxConnections = 1000;

    /// <summary>The bytes per second that a client has to take on average, once <see cref="SlowTimeout"/> is over.</summary>
    private const double MinBytesPerSecond = 100;

    /// <summary>The time that a client may be slower, and that the head of a request may take.</summary>
    private static readonly TimeSpan SlowTimeout = TimeSpan.FromMinutes(1);

    /// <summary>Puts the farm together. It works from when the application is started until it is stopped.</summary>
    /// <param name="session">The settings and the open store, which have to last as long.</param>
    /// <param name="isVerbose">Whether to log more.</param>
    /// <param name="tellsEvents">Whether to write what happens to the session's output, as JSON.</param>
    internal static WebApplication Create(FarmSession session, bool isVerbose = false, bool tellsEvents = false)
    {
        var configuration = session.Configuration;
        // Empty: no settings files, and no watcher on the working folder.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        AddLogging(builder.Logging, isVerbose);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Slaves fetch files here, and nobody else does: who only holds a connection must not keep the store from being opened.
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.RequestHeadersTimeout = SlowTimeout;
            kestrel.Limits.MinResponseDataRate = new MinDataRate(MinBytesPerSecond, SlowTimeout);
            kestrel.Listen(configuration.Listen);
        });
        var services = builder.Services;
        services.AddRoutingCore();
        services.AddSingleton<IHostLifetime, LifetimeOfOwner>();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        services.AddSingleton(session.Time);
        services.AddSingleton(provider =>
            new KeptMail(configuration.Uploads.MakeSpool(session.Time, provider.GetRequiredService<ILoggerFactory>())));
        services.AddSingleton<INotifier>(provider =>
            (INotifier?)configuration.Uploads.MakeMail(
                provider.GetRequiredService<KeptMail>().Spool,
                session.Store.Builds,
                session.Kinds,
                provider.GetRequiredService<ILoggerFactory>())
            ?? new LoggingNotifier(provider.GetRequiredService<ILogger<LoggingNotifier>>()));
        services.AddSingleton(provider => new ProcessingUploadSink(
            configuration.Uploads.MakeProcessor(
                configuration.Results,
                UploadLockWait,
                session.Store.Builds,
                session.Kinds,
                provider.GetRequiredService<INotifier>() as Master.Mail.MailNotifier,
                session.Time,
                provider.GetRequiredService<ILoggerFactory>()),
            session.Time,
            provider.GetRequiredService<ILogger<ProcessingUploadSink>>()));
        // In this order: they are started so, and stopped from the last to the first.
        services.AddHostedService(provider => provider.GetRequiredService<KeptMail>());
        services.AddHostedService<UploadService>();
        if (tellsEvents)
            services.AddHostedService(provider => new EventService(provider, session, () => Address(provider, configuration.Url)));
        services.AddBuildMaster(session.MasterOptions(), provider => session.MasterParts(
            Address(provider, configuration.Url), provider.GetRequiredService<ProcessingUploadSink>(),
            provider.GetRequiredService<INotifier>()));
        builder.AddTelemetry(configuration);
        var application = builder.Build();
        application.UseRouting();
        application.MapInputs(session.Inputs);
        application.MapMetrics(configuration);
        return application;
    }

    /// <summary>
    /// Starts it. That takes a moment and can't be called off: a master that has begun must be stopped, and not only disposed of.
    /// </summary>
    /// <returns>The address of the inputs for slaves.</returns>
    /// <exception cref="FarmException">
    /// The address can't be listened at, or the folder for results or a key to slaves can't be used.
    /// </exception>
    internal static async Task<Uri> StartAsync(this WebApplication application, FarmSession session)
    {
        try
        {
            CheckKeys(session);
            // Uploads are processed from the start on: a new farm has nothing to process, and no folder is missing.
            Directory.CreateDirectory(session.Configuration.Results);
            session.Inputs.MakeFolders();
            await application.StartAsync();
            return Address(application.Services, session.Configuration.Url);
        }
        catch (Exception e) when (e is SocketException
            or IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException })
        {
            throw new FarmException(
                $"inputs can't be served at {session.Configuration.Listen}: {e.Message} Does another 'run' serve there? The field "
                    + "Listen names the address.", e);
        }
        catch (SlaveKeyException e)
        {
            throw new FarmException($"slaves can't be reached as the configuration says: {e.Message}", e)
            {
                ExitCode = FarmExitCode.BadConfiguration,
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FarmException($"the folder {session.Configuration.Results} for results can't be used: {e.Message}", e);
        }
    }

    /// <summary>Waits until the queue is known and builds are handed out, or until the application stops.</summary>
    /// <returns>Whether it is ready; false when it stops, perhaps because the queue can't be read.</returns>
    internal static async Task<bool> WaitUntilReadyAsync(this WebApplication application)
    {
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = application.Lifetime.ApplicationStopping.Register(() => stopping.TrySetResult());
        await Task.WhenAny(application.Services.GetRequiredService<BuildMaster>().Loaded, stopping.Task);
        return !application.Lifetime.ApplicationStopping.IsCancellationRequested;
    }

    /// <summary>Before anything is begun: the master, which reads them for itself, is made after uploads were taken up.</summary>
    private static void CheckKeys(FarmSession session)
    {
        using var connections = new SlaveConnections(session.Configuration.SlaveKeys, Timeout.InfiniteTimeSpan, session.Time);
        connections.Check();
    }

    /// <summary>The address of the server for slaves. The server must listen already.</summary>
    private static Uri Address(IServiceProvider provider, Uri? configured) =>
        configured ?? new Uri(provider.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    private static void AddLogging(ILoggingBuilder logging, bool isVerbose) => logging
        .SetMinimumLevel(isVerbose ? LogLevel.Debug : LogLevel.Information)
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None) // what fails at the start or the end is thrown, and becomes one sentence
        .AddConsole(console => console.FormatterName = FarmLogFormatter.FormatterName)
        .AddConsoleFormatter<FarmLogFormatter, FarmLogOptions>(log => log.IsVerbose = isVerbose)
        .Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);

    /// <summary>The command decides when it ends, not a signal that the host hears.</summary>
    private sealed class LifetimeOfOwner : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>Sends mail that was not taken at once; nothing where no mail is sent.</summary>
    private sealed class KeptMail(MailSpool? spool) : BackgroundService
    {
        public MailSpool? Spool => spool;

        protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
            spool is null ? Task.CompletedTask : spool.RunAsync(stoppingToken);
    }

    /// <summary>Processes what lands. It is waited for at the end, however long it takes: what was decided is carried out.</summary>
    private sealed class UploadService(ProcessingUploadSink uploads) : IHostedService, IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private Task _run = Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            _run = Task.Run(() => uploads.RunAsync(_stop.Token), CancellationToken.None);
            return Task.CompletedTask;
        }

        public async Task StopAsync(CancellationToken cancellationToken)
        {
            await _stop.CancelAsync();
            await _run;
        }

        public void Dispose() => _stop.Dispose();
    }
}

using System.CommandLine;
using System.Net.Sockets;
using Buildd.Farm.Inputs;
using Buildd.Master;
using Buildd.Master.Notification;
using Buildd.Master.Uploads;
using Buildd.Processes;

namespace Buildd.Farm.Commands;

/// <summary><c>buildd-farm run</c>: hands builds to builders until it is stopped.</summary>
internal static partial class RunCommand
{
    /// <summary>How long a 'process-upload' that somebody runs by hand may keep ours waiting before that is logged.</summary>
    private static readonly TimeSpan UploadLockWait = TimeSpan.FromMinutes(1);

    internal static System.CommandLine.Command Create()
    {
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Say more." };
        return new System.CommandLine.Command("run", "Hand builds to builders, watch them, bring their results home and process them; serve builders what they need. Until it is stopped (SIGTERM, Ctrl-C): builds run on meanwhile.") { verbose }
            .WithSession(async (session, parsed, stop) =>
            {
                using var loggers = MakeLoggers(parsed.GetValue(verbose));
                try
                {
                    await RunAsync(session, ServiceManager.TakeFromEnvironment(), loggers, stop);
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                    // Whatever it was at: being stopped is how it ends.
                }

                return ExitCode.Done;
            });
    }

    /// <summary>Runs until cancelled.</summary>
    internal static async Task RunAsync(FarmSession session, ServiceManager systemd, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var logger = loggers.CreateLogger("Buildd.Farm.Commands.RunCommand");
        var (configuration, builds) = (session.Configuration, session.Store.Builds);
        var mail = configuration.Uploads.MakeMail(builds, loggers);
        var processor = configuration.Uploads.MakeProcessor(configuration.Results, UploadLockWait, builds, mail, session.Time, loggers);
        var uploads = new ProcessingUploadSink(processor, session.Time, loggers.CreateLogger<ProcessingUploadSink>());
        await using var server = await InputServer.StartAsync(configuration.Listen, session.Inputs, loggers, cancellationToken);
        var url = configuration.Url ?? server.Address;
        INotifier notifier = mail is null ? new LoggingNotifier(loggers.CreateLogger<LoggingNotifier>()) : mail;
        BuildMaster master;
        try
        {
            master = new BuildMaster(session.MasterOptions(), session.MasterParts(url, uploads, notifier), session.Time, loggers);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FarmException($"the folder {configuration.Results} for results can't be used: {e.Message}", e);
        }

        await using (master)
        {
            await session.Output.WriteLineAsync($"buildd-farm ready: the store is {session.Store.Path}, inputs are served at {url}");
            await session.Output.FlushAsync(cancellationToken);
            Tell(logger, "ready", () => systemd.Ready($"inputs are served at {url}"));
            using var stopping = cancellationToken.Register(() => Tell(logger, "stopping", systemd.Stopping));
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var uploading = uploads.RunAsync(stop.Token);
            try
            {
                await master.RunAsync(cancellationToken);
            }
            finally
            {
                await stop.CancelAsync();
                await uploading;
            }
        }
    }

    private static ILoggerFactory MakeLoggers(bool isVerbose) => LoggerFactory.Create(logging => logging
        .SetMinimumLevel(isVerbose ? LogLevel.Debug : LogLevel.Information)
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ssZ ";
        })
        .Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace));

    /// <summary>A systemd that does not listen is no reason to stop.</summary>
    private static void Tell(ILogger logger, string state, Action notify)
    {
        try
        {
            notify();
        }
        catch (SocketException e)
        {
            LogNotTold(logger, e, state);
        }
    }

    [LoggerMessage(LogLevel.Warning, "systemd can't be told that the service is {State}")]
    private static partial void LogNotTold(ILogger logger, Exception exception, string state);
}

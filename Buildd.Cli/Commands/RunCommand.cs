using System.CommandLine;
using System.Net.Sockets;
using Buildd.Farm.Inputs;
using Buildd.Master;
using Buildd.Master.Notification;
using Buildd.Master.Uploads;
using Buildd.Processes;
using Microsoft.Extensions.Hosting.Systemd;

namespace Buildd.Cli.Commands;

/// <summary><c>buildd-farm run</c>: hands builds to builders until it is stopped.</summary>
internal static partial class RunCommand
{
    /// <summary>How long a 'process-upload' that somebody runs by hand may keep ours waiting before that is logged.</summary>
    private static readonly TimeSpan UploadLockWait = TimeSpan.FromMinutes(1);

    internal static System.CommandLine.Command Create()
    {
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Say more." };
        var json = new Option<bool>("--json") { Description = "Write what happens to standard output, as a line of JSON for each event." };
        var untilStdinCloses = new Option<bool>("--until-stdin-closes") { Description = "End when standard input closes, so that a program which started this never leaves it behind." };
        return new System.CommandLine.Command("run", "Hand builds to builders, watch them, bring their results home and process them; serve builders what they need. Until it is stopped (SIGTERM, Ctrl-C): builds run on meanwhile.") { verbose, json, untilStdinCloses }
            .WithSession(async (session, parsed, stop) =>
            {
                using var loggers = MakeLoggers(parsed.GetValue(verbose));
                try
                {
                    await RunAsync(session, TakeNotifier(), loggers, parsed.GetValue(json), parsed.GetValue(untilStdinCloses), stop);
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                    // Whatever it was at: being stopped is how it ends.
                }

                return ExitCode.Done;
            });
    }

    /// <summary>Runs until cancelled.</summary>
    private static async Task RunAsync(
        FarmSession session, SystemdNotifier systemd, ILoggerFactory loggers, bool tellsEvents, bool endsWithStdin,
        CancellationToken cancellationToken)
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
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var events = tellsEvents ? master.Events(stop.Token) : null; // from the beginning
            if (events is not null)
                EventJson.WriteReady(session.Output, session.Store.Path, url);
            else
                await session.Output.WriteLineAsync($"buildd-farm ready: the store is {session.Store.Path}, inputs are served at {url}");
            await session.Output.FlushAsync(cancellationToken);
            Notify(logger, systemd, new ServiceState($"READY=1\nSTATUS=inputs are served at {url}"));
            using var stopping = cancellationToken.Register(() => Notify(logger, systemd, ServiceState.Stopping));
            var uploading = uploads.RunAsync(stop.Token);
            var telling = events is null ? Task.CompletedTask : TellAsync(events, session.Output, stop);
            if (endsWithStdin)
                _ = StopWithStdinAsync(stop); // nothing can call off the reading; it ends with the process
            try
            {
                await master.RunAsync(stop.Token);
            }
            finally
            {
                await stop.CancelAsync();
                await uploading;
                await telling;
            }
        }
    }

    /// <summary>Writes events until stopped. When nobody can be told any more, that ends the run.</summary>
    private static async Task TellAsync(IAsyncEnumerable<MasterEvent> events, TextWriter output, CancellationTokenSource stop)
    {
        try
        {
            await foreach (var happened in events)
                EventJson.Write(output, happened);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // that is how it ends
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    private static async Task StopWithStdinAsync(CancellationTokenSource stop)
    {
        await using var input = Console.OpenStandardInput();
        var buffer = new byte[256];
        while (await input.ReadAsync(buffer, CancellationToken.None) > 0)
        {
            // what it says does not matter, only that it goes on
        }

        try
        {
            await stop.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // it has ended already
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

    /// <summary>Reads where systemd listens, and removes that from the environment: nothing that the farm starts may speak for it.</summary>
    private static SystemdNotifier TakeNotifier()
    {
        var systemd = new SystemdNotifier(); // reads NOTIFY_SOCKET now, and never again
        foreach (var variable in (string[])["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"])
            EnvironmentVariable.Take(variable);
        return systemd;
    }

    /// <summary>A systemd that can't be reached is no reason to stop.</summary>
    private static void Notify(ILogger logger, SystemdNotifier systemd, ServiceState state)
    {
        try
        {
            systemd.Notify(state);
        }
        catch (Exception e) when (e is SocketException or ArgumentException) // the latter: the address is too long for a socket's
        {
            LogSystemdUnreachable(logger, e, state.ToString());
        }
    }

    [LoggerMessage(
        LogLevel.Warning,
        "systemd could not be notified of {State}; the farm goes on without. NOTIFY_SOCKET should name a socket at which systemd listens")]
    private static partial void LogSystemdUnreachable(ILogger logger, Exception exception, string state);
}

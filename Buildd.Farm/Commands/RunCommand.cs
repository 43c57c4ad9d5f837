using System.CommandLine;
using Buildd.Farm.Inputs;
using Buildd.Master;

namespace Buildd.Farm.Commands;

/// <summary><c>buildd-farm run</c>: hands builds to builders until it is stopped.</summary>
internal static class RunCommand
{
    internal static Command Create()
    {
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Say more." };
        return new Command("run", "Hand builds to builders, watch them, bring their results home; serve builders what they need. Until it is stopped (SIGTERM, Ctrl-C): builds run on meanwhile.") { verbose }
            .WithSession(async (session, parsed, stop) =>
            {
                using var loggers = MakeLoggers(parsed.GetValue(verbose));
                await RunAsync(session, loggers, stop);
                return ExitCode.Done;
            });
    }

    /// <summary>Runs until cancelled.</summary>
    internal static async Task RunAsync(FarmSession session, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        await using var server = await InputServer.StartAsync(session.Configuration.Listen, session.Inputs, loggers, cancellationToken);
        var url = session.Configuration.Url ?? server.Address;
        BuildMaster master;
        try
        {
            master = new BuildMaster(session.MasterOptions(), session.MasterParts(url, loggers), session.Time, loggers);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FarmException($"the folder {session.Configuration.Results} for results can't be used: {e.Message}", e);
        }

        await using (master)
        {
            await session.Output.WriteLineAsync($"buildd-farm ready: the store is {session.Store.Path}, inputs are served at {url}");
            await session.Output.FlushAsync(cancellationToken);
            await master.RunAsync(cancellationToken);
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
}

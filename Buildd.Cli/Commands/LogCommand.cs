using System.CommandLine;
using Buildd.Cli.Application;
using Buildd.Farm.Builds;

namespace Buildd.Cli.Commands;

/// <summary><c>buildd-farm log</c>: the log of a build, of one that runs as far as it has come here.</summary>
internal static class LogCommand
{
    internal static Command Create()
    {
        var name = BuildName.Argument();
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on as it grows, until builders are done with the build." };
        var lines = new Option<int?>("--lines", "-n") { Description = "Only its last lines, so many.", HelpName = "NUMBER" };
        lines.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() < 1)
                result.AddError("--lines is a number from 1 on.");
        });
        return new Command("log", "Show the log of a build; what would command a terminal is taken out.") { name, follow, lines }
            .WithSession(async (session, parsed, stop) =>
        {
            var build = await session.FindBuildAsync(parsed.GetValue(name)!, right: null, stop);
            var printer = new LogPrinter(session.Logs, session.Output, parsed.GetValue(lines));
            if (parsed.GetValue(follow))
            {
                await BuildWatch.FollowAsync(session, build.Id, says: false, printer, toTheEnd: false, stop);
                return FarmExitCode.Done;
            }

            return await printer.PrintAsync(build, stop)
                ? FarmExitCode.Done
                : throw FarmException.NotFound(
                    $"{build.Cookie} has no log: "
                        + (build.Attempt == 0 ? "it was not handed to a builder yet"
                            : build.LogName is not null ? "it was removed" : "nothing of it has come here"));
        }).WhoMay(BuildRights.View.Who);
    }
}

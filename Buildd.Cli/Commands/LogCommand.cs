using System.CommandLine;
using Buildd.Cli.Application;

namespace Buildd.Cli.Commands;

/// <summary><c>buildd-farm log</c>: the log of a build, of one that runs as far as it has come here.</summary>
internal static class LogCommand
{
    internal static Command Create()
    {
        var name = BuildName.Argument();
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on as it grows, until builders are done with the build." };
        return new Command("log", "Show the log of a build; what would command a terminal is taken out.") { name, follow }
            .WithSession(async (session, parsed, stop) =>
        {
            var build = await session.FindBuildAsync(parsed.GetValue(name)!, stop);
            if (parsed.GetValue(follow))
            {
                await BuildWatch.FollowAsync(session, build.Id, says: false, showsLog: true, toTheEnd: false, stop);
                return FarmExitCode.Done;
            }

            return await new LogPrinter(session.Logs, session.Output).PrintAsync(build, stop)
                ? FarmExitCode.Done
                : throw FarmException.NotFound(
                    $"{build.Cookie} has no log: "
                        + (build.Attempt == 0 ? "it was not handed to a builder yet"
                            : build.LogName is not null ? "it was removed" : "nothing of it has come here"));
        });
    }
}

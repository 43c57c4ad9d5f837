using System.CommandLine;
using Buildd.Farm.Archives;

namespace Buildd.Cli.Commands.Archives;

/// <summary><c>buildd-farm archives depend</c>: what an archive's builds install from besides.</summary>
internal static class ArchiveDependCommand
{
    internal static Command Create()
    {
        var (reference, json) = (ArchivesCommand.Argument(), Listing.JsonOption());
        var dependency = ArchivesCommand.Argument("DEPENDENCY");
        var pocket = ArchiveLinesCommand.PocketOption("Its pocket, with those that it includes (default: RELEASE).");
        var component = Given.TextOption("--component", "Its component, with those that it may use (default: the source's).", "NAME");
        var remove = new Option<bool>("--remove") { Description = "Have it depend on that archive no more." };
        return new Command("depend", "Have builds for an archive install from another one, too.")
        {
            reference, dependency, pocket, component, remove, json,
        }.WhoMay($"{ArchiveRights.Edit.Who}, who also see the other archive").WithSession(async (session, parsed, stop) =>
        {
            var actor = await session.ActorAsync(stop);
            var (of, on) = (parsed.GetValue(reference)!, parsed.GetValue(dependency)!);
            if (parsed.GetValue(remove))
                await session.Records.ArchiveDependencies.RemoveAsync(actor, of, on, stop);
            else
                await session.Records.ArchiveDependencies.AddAsync(
                    actor, of, on, ArchiveLinesCommand.Pocket(parsed, pocket), parsed.GetValue(component), stop);
            if (parsed.GetValue(json))
            {
                var archive = await session.Records.Archives.GetAsync(actor, of, stop);
                var all = await session.Records.ArchiveDependencies.ListAsync(actor, of, stop);
                Listing.WriteJson(session.Output, writer => ArchiveShown.Write(writer, archive, all));
            }

            return FarmExitCode.Done;
        });
    }
}

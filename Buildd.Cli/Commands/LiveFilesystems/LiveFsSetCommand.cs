using System.CommandLine;
using Buildd.Cli.Commands.Archives;
using Buildd.Farm.LiveFilesystems;

namespace Buildd.Cli.Commands.LiveFilesystems;

/// <summary><c>buildd-farm livefs set</c>: what isn't told stays.</summary>
internal static class LiveFsSetCommand
{
    private const string ForEver = "for-ever";

    internal static Command Create()
    {
        var path = LiveFsCommand.PathArgument();
        var metadata = LiveFsJsonOption.Metadata();
        var name = new Option<string?>("--name") { Description = "Its new name.", HelpName = "NAME" };
        var owner = new Option<string?>("--owner") { Description = "The person or team that gets it.", HelpName = "NAME" };
        var virtualized = BuilderOptions.YesNo("--require-virtualized", "Whether only virtual builders build it (default: yes).");
        var score = new Option<int?>("--relative-score") { Description = "What is added to the score of its builds.", HelpName = "NUMBER" };
        var keep = new Option<string?>("--keep-days")
        {
            Description = $"For how many days its output files are kept, or '{ForEver}'.",
            HelpName = "DAYS",
        };
        keep.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && token.Value != ForEver && !int.TryParse(token.Value, out _))
                result.AddError($"--keep-days is a number of days or '{ForEver}'.");
        });
        var json = Listing.JsonOption();
        var command = new Command("set", "Change a live filesystem. What isn't told stays.")
        {
            path, metadata, name, owner, virtualized, score, keep, json,
        };
        command.Validators.Add(result =>
        {
            if (((Option[])[metadata, name, owner, virtualized, score, keep]).All(option => result.GetResult(option) is null))
            {
                result.AddError(
                    "Tell what to change: --metadata, --name, --owner, --require-virtualized, --relative-score or --keep-days.");
            }
        });
        return command.WithSession(async (session, parsed, stop) =>
        {
            var actor = await session.ActorAsync(stop);
            var livefs = await LiveFsCommand.GetAsync(session, actor, parsed.GetValue(path)!, stop);
            var arguments = await LiveFsJsonOption.ReadAsync(parsed.GetValue(metadata), stop);
            var to = parsed.GetValue(owner) is { } given ? (await session.Records.People.GetAsync(actor, given, stop)).Id : livefs.Owner;
            var changed = await session.Records.LiveFilesystems.ChangeAsync(
                actor,
                livefs.Id,
                old => old with
                {
                    Metadata = arguments ?? old.Metadata,
                    Name = parsed.GetValue(name) ?? old.Name,
                    Owner = to,
                    RequireVirtualized = Given.IsYes(parsed, virtualized) ?? old.RequireVirtualized,
                    RelativeScore = parsed.GetValue(score) ?? old.RelativeScore,
                    KeepDays = parsed.GetValue(keep) switch
                    {
                        null => old.KeepDays,
                        ForEver => null,
                        var days => int.Parse(days, null),
                    },
                },
                stop);
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, writer => LiveFsCommand.Write(writer, changed));
            return FarmExitCode.Done;
        }).WhoMay(
            $"for metadata, name and owner {LiveFsRights.Edit.Who}; for the score {LiveFsRights.Moderate.Who}; for the rest "
                + LiveFsRights.Administer.Who);
    }
}

using System.CommandLine;
using Buildd.Farm.Archives;

namespace Buildd.Cli.Commands.Archives;

/// <summary><c>buildd-farm archives lines</c>: what builds for an archive install from.</summary>
internal static class ArchiveLinesCommand
{
    internal static Command Create()
    {
        var (reference, json) = (ArchivesCommand.Argument(), Listing.JsonOption());
        var series = new Option<string>("--series")
        {
            Description = "The series' name, an alias or its version.",
            HelpName = "NAME",
            Required = true,
        };
        var pocket = PocketOption("The pocket that is built in (default: RELEASE).");
        var component = Given.TextOption(
            "--component", "The component of what is built (default: main for a PPA, else universe).", "NAME");
        return new Command("lines", "Print the lines for apt that a build would get, without passwords.")
        {
            reference, series, pocket, component, json,
        }.WhoMay(ArchiveRights.View.Who).WithSession(async (session, parsed, stop) =>
        {
            var lines = await session.Records.AptLines.ListAsync(
                await session.ActorAsync(stop),
                parsed.GetValue(reference)!,
                new AptTarget(parsed.GetValue(series)!)
                {
                    Pocket = Pocket(parsed, pocket),
                    Component = parsed.GetValue(component),
                    SourceComponent = parsed.GetValue(component),
                },
                stop);
            if (parsed.GetValue(json))
            {
                Listing.WriteJson(session.Output, lines, (writer, line) => writer.WriteStringValue(line.ToString()));
                return FarmExitCode.Done;
            }

            foreach (var line in lines)
                await session.Output.WriteLineAsync(line.ToString());
            return FarmExitCode.Done;
        });
    }

    internal static Option<string?> PocketOption(string description)
    {
        var option = Given.TextOption("--pocket", description, "NAME");
        option.AcceptOnlyFromAmong([.. PocketNames.All, .. PocketNames.All.Select(name => name.ToLowerInvariant())]);
        return option;
    }

    internal static Pocket Pocket(ParseResult parsed, Option<string?> option) =>
        PocketNames.Parse(parsed.GetValue(option) ?? "") ?? Buildd.Farm.Archives.Pocket.Release;
}

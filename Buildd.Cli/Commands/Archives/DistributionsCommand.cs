using System.CommandLine;
using Buildd.Farm.Distributions;

namespace Buildd.Cli.Commands.Archives;

/// <summary><c>buildd-farm distributions</c>: what has series and archives.</summary>
internal static class DistributionsCommand
{
    internal static Command Create() => new("distributions", "The distributions that the farm builds for.")
    {
        List(), Add(), Set(), Show(),
    };

    internal static Argument<string> Argument() => new("DISTRIBUTION") { Description = "The distribution's name or an alias." };

    private static Command List()
    {
        var json = Listing.JsonOption();
        return new Command("list", "List the distributions.") { json }.WhoMay(DistributionRights.View.Who)
            .WithSession(async (session, parsed, stop) =>
        {
            var all = await session.Records.Distributions.ListAsync(stop);
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, all, (writer, one) => Given.WriteObject(writer, DistributionColumns.All, one));
            else
                Listing.WriteTable(session.Output, ["NAME", "ALIASES", "TITLE"], all.Select(
                    one => (IReadOnlyList<string>)[one.Name, Given.List(one.Aliases), one.Title]));
            return FarmExitCode.Done;
        });
    }

    private static Command Add()
    {
        var name = new Argument<string>("NAME") { Description = "The name, such as debian." };
        var (title, aliases, json) = (Title(), Aliases(), Listing.JsonOption());
        return new Command("add", "Add a distribution.") { name, title, aliases, json }.WhoMay(DistributionRights.Edit.Who)
            .WithSession(async (session, parsed, stop) =>
        {
            var added = await session.Records.Distributions.AddAsync(
                await session.ActorAsync(stop),
                new Distribution
                {
                    Name = parsed.GetValue(name)!,
                    Title = parsed.GetValue(title) ?? parsed.GetValue(name)!,
                    Aliases = Given.Words(parsed, aliases) ?? [],
                    Created = session.Time.GetUtcNow(),
                },
                stop);
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, writer => Given.WriteObject(writer, DistributionColumns.All, added));
            return FarmExitCode.Done;
        }, makesStore: true);
    }

    private static Command Set()
    {
        var name = Argument();
        var newName = Given.TextOption("--name", "Its new name; the former one becomes an alias.", "NAME");
        var (title, aliases, json) = (Title(), Aliases(), Listing.JsonOption());
        return new Command("set", "Change a distribution. What is not given stays.") { name, newName, title, aliases, json }
            .WhoMay(DistributionRights.Edit.Who)
            .WithSession(async (session, parsed, stop) =>
        {
            var changed = await session.Records.Distributions.ChangeAsync(
                await session.ActorAsync(stop),
                parsed.GetValue(name)!,
                old => old with
                {
                    Name = parsed.GetValue(newName) ?? old.Name,
                    Title = parsed.GetValue(title) ?? old.Title,
                    Aliases = Given.Words(parsed, aliases) ?? old.Aliases,
                },
                stop);
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, writer => Given.WriteObject(writer, DistributionColumns.All, changed));
            return FarmExitCode.Done;
        });
    }

    private static Command Show()
    {
        var (name, json) = (Argument(), Listing.JsonOption());
        return new Command("show", "Show a distribution.") { name, json }.WhoMay(DistributionRights.View.Who)
            .WithSession(async (session, parsed, stop) =>
        {
            var found = await session.Records.Distributions.GetAsync(parsed.GetValue(name)!, stop);
            if (parsed.GetValue(json))
            {
                Listing.WriteJson(session.Output, writer => Given.WriteObject(writer, DistributionColumns.All, found));
                return FarmExitCode.Done;
            }

            session.WriteLine("Distribution", found.Name);
            session.WriteLine("Title", found.Title);
            session.WriteLine("Aliases", string.Join(' ', found.Aliases));
            foreach (var series in await session.Records.Series.ListAsync(found.Name, stop))
                session.WriteLine("Series", $"{series.Name} ({series.Status.ToTitle()})");
            return FarmExitCode.Done;
        });
    }

    private static Option<string?> Title() => Given.TextOption("--title", "The name for people (default: the name).", "TEXT");

    private static Option<string[]?> Aliases() =>
        Given.WordsOption("--alias", "Another name that leads to it; may be given several times, '' for none.", "NAME");
}

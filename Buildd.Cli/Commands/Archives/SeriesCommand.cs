using System.CommandLine;
using Buildd.Cli.Application;
using Buildd.Farm.Distributions;

namespace Buildd.Cli.Commands.Archives;

/// <summary><c>buildd-farm series</c>: the releases of distributions.</summary>
internal static class SeriesCommand
{
    internal static Command Create() => new("series", "The series of distributions.") { List(), Add(), Set(), Show() };

    internal static Argument<string> Argument() => new("SERIES") { Description = "The series' name, an alias or its version." };

    private static Command List()
    {
        var (distribution, json) = (DistributionsCommand.Argument(), Listing.JsonOption());
        return new Command("list", "List the series of a distribution, in the order in which they were added.") { distribution, json }
            .WhoMay(DistributionRights.View.Who).WithSession(async (session, parsed, stop) =>
        {
            var all = await session.Records.Series.ListAsync(parsed.GetValue(distribution)!, stop);
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, all, (writer, one) => Given.WriteObject(writer, SeriesColumns.All, one));
            else
                Listing.WriteTable(session.Output, ["NAME", "VERSION", "STATUS", "ALIASES", "TITLE"], all.Select(
                    one => (IReadOnlyList<string>)
                        [one.Name, one.Version.Length == 0 ? "-" : one.Version, one.Status.ToTitle(), Given.List(one.Aliases), one.Title]));
            return FarmExitCode.Done;
        });
    }

    private static Command Add()
    {
        var (distribution, json, options) = (DistributionsCommand.Argument(), Listing.JsonOption(), new Options());
        var name = new Argument<string>("NAME") { Description = "The name, such as bookworm; it stays." };
        var command = new Command("add", "Add a series to a distribution.") { distribution, name, json }
            .WhoMay(DistributionRights.Edit.Who);
        options.AddTo(command);
        return command.WithSession(async (session, parsed, stop) => Write(
            session,
            parsed.GetValue(json),
            await session.Records.Series.AddAsync(
                await session.ActorAsync(stop),
                parsed.GetValue(distribution)!,
                options.Apply(parsed, new Series
                {
                    Name = parsed.GetValue(name)!,
                    Title = parsed.GetValue(name)!,
                    Created = session.Time.GetUtcNow(),
                }),
                stop)));
    }

    private static Command Set()
    {
        var (distribution, name, json, options) = (DistributionsCommand.Argument(), Argument(), Listing.JsonOption(), new Options());
        var nominated = Given.TextOption(
            "--nominated", "The architecture on which packages for all are built; '' for the first that fits.", "ARCH");
        var command = new Command("set", "Change a series. What is not given stays.") { distribution, name, nominated, json }
            .WhoMay(DistributionRights.Edit.Who);
        options.AddTo(command);
        return command.WithSession(async (session, parsed, stop) => Write(
            session,
            parsed.GetValue(json),
            await session.Records.Series.ChangeAsync(
                await session.ActorAsync(stop),
                parsed.GetValue(distribution)!,
                parsed.GetValue(name)!,
                old => options.Apply(
                    parsed, parsed.GetValue(nominated) is { } tag ? old with { Nominated = Given.OrNone(tag) } : old),
                stop)));
    }

    private static Command Show()
    {
        var (distribution, name, json) = (DistributionsCommand.Argument(), Argument(), Listing.JsonOption());
        return new Command("show", "Show a series.") { distribution, name, json }.WhoMay(DistributionRights.View.Who)
            .WithSession(async (session, parsed, stop) =>
        {
            var found = await session.Records.Series.GetAsync(parsed.GetValue(distribution)!, parsed.GetValue(name)!, stop);
            if (parsed.GetValue(json))
                return Write(session, true, found);
            session.WriteLine("Series", found.Name);
            session.WriteLine("Version", found.Version);
            session.WriteLine("Title", found.Title);
            session.WriteLine("Status", found.Status.ToTitle());
            session.WriteLine("Aliases", string.Join(' ', found.Aliases));
            session.WriteLine("Nominated", found.Nominated);
            foreach (var one in await session.Records.Architectures.ListAsync(parsed.GetValue(distribution)!, found.Name, stop))
                session.WriteLine("Architecture", one.Tag + (one.Enabled ? "" : " (disabled)"));
            return FarmExitCode.Done;
        });
    }

    private static int Write(FarmSession session, bool json, Series series)
    {
        if (json)
            Listing.WriteJson(session.Output, writer => Given.WriteObject(writer, SeriesColumns.All, series));
        return FarmExitCode.Done;
    }

    /// <summary>What can be said of a series, alike when it is added and when it is changed.</summary>
    private sealed class Options
    {
        private readonly Option<string?> _title = Given.TextOption("--title", "The name for people (default: the name).", "TEXT");
        private readonly Option<string?> _version = Given.TextOption("--series-version", "The version, such as 12; '' for none.", "TEXT");
        private readonly Option<string?> _status = Given.TextOption(
            "--status", $"How far it is: {string.Join(", ", SeriesStatusTitles.All)}.", "TITLE");
        private readonly Option<string[]?> _aliases = Given.WordsOption(
            "--alias", "Another name that leads to it, such as stable; may be given several times, '' for none.", "NAME");

        internal Options() => _status.AcceptOnlyFromAmong([.. SeriesStatusTitles.All]);

        internal void AddTo(Command command)
        {
            foreach (var option in (Option[])[_title, _version, _status, _aliases])
                command.Options.Add(option);
        }

        internal Series Apply(ParseResult parsed, Series series) => series with
        {
            Title = parsed.GetValue(_title) ?? series.Title,
            Version = parsed.GetValue(_version) ?? series.Version,
            Status = parsed.GetValue(_status) is { } title ? SeriesStatusTitles.Parse(title)!.Value : series.Status,
            Aliases = Given.Words(parsed, _aliases) ?? series.Aliases,
        };
    }
}

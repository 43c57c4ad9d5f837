using System.CommandLine;
using Buildd.Cli.Application;
using Buildd.Farm.Distributions;

namespace Buildd.Cli.Commands.Archives;

/// <summary><c>buildd-farm architectures</c>: what series are built for.</summary>
internal static class ArchitecturesCommand
{
    internal static Command Create() => new("architectures", "The architectures of series.") { List(), Add(), Set() };

    private static Command List()
    {
        var (distribution, series, json) = (DistributionsCommand.Argument(), SeriesCommand.Argument(), Listing.JsonOption());
        return new Command("list", "List the architectures of a series.") { distribution, series, json }
            .WhoMay(DistributionRights.View.Who).WithSession(async (session, parsed, stop) =>
        {
            var all = await session.Records.Architectures.ListAsync(parsed.GetValue(distribution)!, parsed.GetValue(series)!, stop);
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, all, (writer, one) => Given.WriteObject(writer, ArchitectureColumns.All, one));
            else
                Listing.WriteTable(session.Output, ["TAG", "PROCESSOR", "ENABLED", "OFFICIAL"], all.Select(
                    one => (IReadOnlyList<string>)[one.Tag, one.Processor, Given.YesNo(one.Enabled), Given.YesNo(one.Official)]));
            return FarmExitCode.Done;
        });
    }

    private static Command Add()
    {
        var (distribution, series, tag) = (DistributionsCommand.Argument(), SeriesCommand.Argument(), Tag());
        var (json, options) = (Listing.JsonOption(), new Options());
        var command = new Command("add", "Add an architecture to a series.") { distribution, series, tag, json }
            .WhoMay(DistributionRights.Edit.Who);
        options.AddTo(command);
        return command.WithSession(async (session, parsed, stop) => Write(
            session,
            parsed.GetValue(json),
            await session.Records.Architectures.AddAsync(
                await session.ActorAsync(stop),
                parsed.GetValue(distribution)!,
                parsed.GetValue(series)!,
                options.Apply(parsed, new SeriesArchitecture
                {
                    Tag = parsed.GetValue(tag)!,
                    Processor = parsed.GetValue(tag)!,
                    Created = session.Time.GetUtcNow(),
                }),
                stop)));
    }

    private static Command Set()
    {
        var (distribution, series, tag) = (DistributionsCommand.Argument(), SeriesCommand.Argument(), Tag());
        var (json, options) = (Listing.JsonOption(), new Options());
        var command = new Command("set", "Change an architecture of a series. What is not given stays.") { distribution, series, tag, json }
            .WhoMay(DistributionRights.Edit.Who);
        options.AddTo(command);
        return command.WithSession(async (session, parsed, stop) => Write(
            session,
            parsed.GetValue(json),
            await session.Records.Architectures.ChangeAsync(
                await session.ActorAsync(stop),
                parsed.GetValue(distribution)!,
                parsed.GetValue(series)!,
                parsed.GetValue(tag)!,
                old => options.Apply(parsed, old),
                stop)));
    }

    private static Argument<string> Tag() => new("ARCH") { Description = "The architecture's name for dpkg, such as amd64." };

    private static int Write(FarmSession session, bool json, SeriesArchitecture architecture)
    {
        if (json)
            Listing.WriteJson(session.Output, writer => Given.WriteObject(writer, ArchitectureColumns.All, architecture));
        return FarmExitCode.Done;
    }

    /// <summary>What can be said of an architecture, alike when it is added and when it is changed.</summary>
    private sealed class Options
    {
        private readonly Option<string?> _processor = Given.TextOption(
            "--processor", "The processor that builders for it have (default: the architecture).", "NAME");
        private readonly Option<string?> _enabled = BuilderOptions.YesNo("--enabled", "Whether anything is built for it (default: yes).");
        private readonly Option<string?> _official = BuilderOptions.YesNo(
            "--official", "Whether the series is released for it (default: yes).");

        internal void AddTo(Command command)
        {
            foreach (var option in (Option[])[_processor, _enabled, _official])
                command.Options.Add(option);
        }

        internal SeriesArchitecture Apply(ParseResult parsed, SeriesArchitecture architecture) => architecture with
        {
            Processor = parsed.GetValue(_processor) ?? architecture.Processor,
            Enabled = Given.IsYes(parsed, _enabled) ?? architecture.Enabled,
            Official = Given.IsYes(parsed, _official) ?? architecture.Official,
        };
    }
}

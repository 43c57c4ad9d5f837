using System.CommandLine;
using System.Text.Json;
using Buildd.Cli.Application;
using Buildd.Farm.Archives;
using Buildd.Farm.Rights;

namespace Buildd.Cli.Commands.Archives;

/// <summary><c>buildd-farm archives</c>: what packages are built for.</summary>
internal static class ArchivesCommand
{
    private static readonly string Changers =
        $"{ArchiveRights.Edit.Who}; --relative-score: {ArchiveRights.Moderate.Who}; --owner, --private, --require-virtualized, --url, "
        + $"--external-line, --signing-key and --publication: {ArchiveRights.Administer.Who}";

    internal static Command Create() => new("archives", "Archives: what packages are built for, and installed from in builds.")
    {
        List(), Add(), Set(), Show(), ArchiveLinesCommand.Create(), ArchiveDependCommand.Create(),
    };

    internal static Argument<string> Argument(string name = "ARCHIVE") => new(name)
    {
        Description = "The archive: debian for a primary one, ~ada/debian/tools for a PPA, debian/rebuild for a copy.",
    };

    private static Command List()
    {
        var json = Listing.JsonOption();
        var owner = Given.TextOption("--owner", "Only those of this person or team.", "NAME");
        var distribution = Given.TextOption("--distribution", "Only those of this distribution.", "NAME");
        var purpose = Given.TextOption("--purpose", "Only those for this.", "PURPOSE");
        purpose.AcceptOnlyFromAmong([.. ArchivePurposeNames.All.Select(ArchivePurposeNames.ToName)]);
        var after = new Option<long?>("--after") { Description = "Only those with a higher number than this.", HelpName = "NUMBER" };
        var count = new Option<int>("--count")
        {
            Description = $"How many at most (default: 50, at most {ArchiveFilter.MaxCount}).",
            HelpName = "NUMBER",
            DefaultValueFactory = _ => 50,
        };
        Listing.RequireRange(count, 1, ArchiveFilter.MaxCount);
        return new Command("list", "List archives, by their numbers.") { owner, distribution, purpose, after, count, json }
            .WhoMay(ArchiveRights.View.Who).WithSession(async (session, parsed, stop) =>
        {
            var actor = await session.ActorAsync(stop);
            var archives = await session.Records.Archives.ListAsync(
                actor,
                new ArchiveFilter
                {
                    Owner = parsed.GetValue(owner) is { } name ? (await session.Records.People.GetAsync(actor, name, stop)).Id : null,
                    Distribution = parsed.GetValue(distribution) is { } of
                        ? (await session.Records.Distributions.GetAsync(of, stop)).Id
                        : null,
                    Purpose = parsed.GetValue(purpose) is { } wanted
                        ? ArchivePurposeNames.All.Single(one => one.ToName() == wanted)
                        : null,
                    After = parsed.GetValue(after),
                    Count = parsed.GetValue(count),
                },
                stop);
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, archives, WriteObject);
            else
                Listing.WriteTable(session.Output, ["NUMBER", "ARCHIVE", "OWNER", "PRIVATE", "ENABLED", "SCORE", "TITLE"], archives.Select(
                    one => (IReadOnlyList<string>)
                    [
                        Listing.Text(one.Archive.Id), one.Name, one.Owner, Given.YesNo(one.Archive.IsPrivate),
                        Given.YesNo(one.Archive.Enabled), Listing.Text(one.Archive.RelativeScore), one.Archive.DisplayName,
                    ]));
            return FarmExitCode.Done;
        });
    }

    private static Command Add()
    {
        var (reference, json, options) = (Argument(), Listing.JsonOption(), new ArchiveOptions());
        var owner = Given.TextOption("--owner", "The owner of a primary archive or a copy (default: admins).", "NAME");
        var command = new Command("add", "Make an archive.") { reference, owner, json }.WhoMay(
            $"a PPA: its owner, its owner's members, members of {Role.ArchiveAdministrator.ToName()}; others: members of "
            + $"{Role.Administrator.ToName()}; what only some may change, only they may say");
        options.AddTo(command);
        return command.WithSession(async (session, parsed, stop) =>
        {
            var actor = await session.ActorAsync(stop);
            var parts = ArchiveReference.Parse(parsed.GetValue(reference)!);
            if (parts.Owner is not null && parsed.GetValue(owner) is not null)
                throw FarmException.Invalid("a PPA's owner is in its reference: --owner is for the others");
            var of = await session.Records.People.GetAsync(
                actor, parts.Owner ?? parsed.GetValue(owner) ?? Role.Administrator.ToName(), stop);
            return Write(session, parsed.GetValue(json), await session.Records.Archives.AddAsync(
                actor,
                options.Apply(parsed, new Archive
                {
                    Owner = of.Id,
                    Distribution = (await session.Records.Distributions.GetAsync(parts.Distribution, stop)).Id,
                    Name = parts.Name ?? Archive.PrimaryName,
                    Purpose = parts.Purpose,
                    DisplayName = parts.Name ?? parts.Distribution,
                    IsPrivate = of.IsPrivate,
                    Created = session.Time.GetUtcNow(),
                }),
                stop));
        });
    }

    private static Command Set()
    {
        var (reference, json, options) = (Argument(), Listing.JsonOption(), new ArchiveOptions());
        var owner = Given.TextOption("--owner", "Who owns it from now on.", "NAME");
        var command = new Command("set", "Change an archive. What is not given stays.") { reference, owner, json }.WhoMay(Changers);
        options.AddTo(command);
        return command.WithSession(async (session, parsed, stop) =>
        {
            var actor = await session.ActorAsync(stop);
            var to = parsed.GetValue(owner) is { } name ? await session.Records.People.GetAsync(actor, name, stop) : null;
            return Write(session, parsed.GetValue(json), await session.Records.Archives.ChangeAsync(
                actor,
                parsed.GetValue(reference)!,
                old => options.Apply(parsed, to is null ? old : old with { Owner = to.Id }),
                stop));
        });
    }

    private static Command Show()
    {
        var (reference, json) = (Argument(), Listing.JsonOption());
        return new Command("show", "Show an archive.") { reference, json }.WhoMay(ArchiveRights.View.Who)
            .WithSession(async (session, parsed, stop) =>
        {
            var actor = await session.ActorAsync(stop);
            var found = await session.Records.Archives.GetAsync(actor, parsed.GetValue(reference)!, stop);
            var dependencies = await session.Records.ArchiveDependencies.ListAsync(actor, found.Name, stop);
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, writer => ArchiveShown.Write(writer, found, dependencies));
            else
                ArchiveShown.Write(session, found, dependencies);
            return FarmExitCode.Done;
        });
    }

    private static int Write(FarmSession session, bool json, NamedArchive archive)
    {
        if (json)
            Listing.WriteJson(session.Output, writer => WriteObject(writer, archive));
        return FarmExitCode.Done;
    }

    private static void WriteObject(Utf8JsonWriter json, NamedArchive archive)
    {
        json.WriteStartObject();
        ArchiveShown.WriteMembers(json, archive);
        json.WriteEndObject();
    }
}

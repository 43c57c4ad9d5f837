using System.CommandLine;
using System.Text.Json;
using Buildd.Cli.Application;
using Buildd.Farm.LiveFilesystems;
using Buildd.Farm.Rights;
using Buildd.Linux.Text;
using Buildd.Master.Builds;

namespace Buildd.Cli.Commands.LiveFilesystems;

/// <summary><c>buildd-farm livefs</c>: images that are built again and again, and their builds.</summary>
internal static class LiveFsCommand
{
    internal static Command Create() => new("livefs", "The live filesystems, and requests of builds of them.")
    {
        List(), Show(), Add(), LiveFsSetCommand.Create(), LiveFsRequestCommand.Create(), Delete(),
    };

    /// <summary>The argument by which one is named.</summary>
    internal static Argument<LiveFsPath> PathArgument() => new("LIVEFS")
    {
        Description = "The live filesystem: ~OWNER/DISTRIBUTION/SERIES/NAME.",
        CustomParser = result =>
        {
            if (LiveFsPath.TryParse(result.Tokens[0].Value) is { } path)
                return path;
            result.AddError($"{Printable.Text(result.Tokens[0].Value)} is no live filesystem: ~OWNER/DISTRIBUTION/SERIES/NAME is.");
            return null;
        },
    };

    /// <summary>The live filesystem of a path, for whoever sees it.</summary>
    /// <exception cref="FarmException">There is none.</exception>
    internal static async Task<LiveFs> GetAsync(FarmSession session, Actor actor, LiveFsPath path, CancellationToken cancellationToken) =>
        await session.Records.LiveFilesystems.FindAsync(
            actor, path.Owner, path.Distribution, path.Series, path.Name, cancellationToken)
        ?? throw FarmException.NotFound($"there is no live filesystem {path}");

    private static Command List()
    {
        var owner = new Option<string?>("--owner") { Description = "Those of this person or team.", HelpName = "NAME" };
        var json = Listing.JsonOption();
        return new Command("list", "List the live filesystems, by name.") { owner, json }.WithSession(async (session, parsed, stop) =>
        {
            var actor = await session.ActorAsync(stop);
            var filter = new LiveFsFilter
            {
                Count = LiveFsFilter.MaxCount,
                Owner = parsed.GetValue(owner) is { } name ? (await session.Records.People.GetAsync(actor, name, stop)).Id : null,
            };
            var all = new List<LiveFs>();
            for (IReadOnlyList<LiveFs>? page = null; page is null || page.Count == LiveFsFilter.MaxCount; all.AddRange(page))
            {
                page = await session.Records.LiveFilesystems.ListAsync(
                    actor, filter with { After = all.Count > 0 ? (all[^1].Name, all[^1].Id) : null }, stop);
            }

            if (parsed.GetValue(json))
            {
                Listing.WriteJson(session.Output, all, Write);
                return FarmExitCode.Done;
            }

            var paths = await session.Records.LiveFilesystems.PathsAsync(all, stop);
            Listing.WriteTable(session.Output, ["LIVEFS", "PRIVATE", "CHANGED"], all.Select(
                livefs => (IReadOnlyList<string>)[paths[livefs.Id], livefs.IsPrivate ? "yes" : "no", Listing.Text(livefs.Modified)]));
            return FarmExitCode.Done;
        }).WhoMay("everybody, and lists what they see");
    }

    private static Command Show()
    {
        var (path, json) = (PathArgument(), Listing.JsonOption());
        return new Command("show", "Show a live filesystem and its last builds.") { path, json }
            .WithSession(async (session, parsed, stop) =>
        {
            var actor = await session.ActorAsync(stop);
            var livefs = await GetAsync(session, actor, parsed.GetValue(path)!, stop);
            if (parsed.GetValue(json))
            {
                Listing.WriteJson(session.Output, writer => Write(writer, livefs));
                return FarmExitCode.Done;
            }

            void Line(string title, string? text)
            {
                if (!string.IsNullOrEmpty(text))
                    session.Output.WriteLine($"{title + ":",-20} {Printable.Text(text)}");
            }

            Line("Live filesystem", await session.Records.LiveFilesystems.PathAsync(livefs, stop));
            Line("Private", livefs.IsPrivate ? "yes" : "no");
            Line("Virtual builders", livefs.RequireVirtualized ? "only" : "no matter");
            Line("Relative score", Listing.Text(livefs.RelativeScore));
            Line("Files are kept", livefs.KeepDays is { } days ? $"{Listing.Text(days)} days" : "for ever");
            Line("Metadata", livefs.Metadata);
            Line("Made", Listing.Text(livefs.Created));
            Line("Changed", Listing.Text(livefs.Modified));
            foreach (var build in await session.Records.Requests.ListAsync(actor, new() { LiveFs = livefs.Id, Count = 10 }, stop))
                Line("Build", $"{build.Build.Cookie} {build.Build.State.ToName()}: {build.Request.Version}, {build.Build.Title}");
            return FarmExitCode.Done;
        }).WhoMay(LiveFsRights.View.Who);
    }

    private static Command Add()
    {
        var path = PathArgument();
        var (metadata, json) = (LiveFsJsonOption.Metadata(), Listing.JsonOption());
        return new Command("add", "Make a live filesystem.") { path, metadata, json }.WithSession(async (session, parsed, stop) =>
        {
            var to = parsed.GetValue(path)!;
            var made = await session.Records.LiveFilesystems.AddAsync(
                await session.ActorAsync(stop),
                to.Owner,
                to.Distribution,
                to.Series,
                to.Name,
                await LiveFsJsonOption.ReadAsync(parsed.GetValue(metadata), stop) ?? "{}",
                stop);
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, writer => Write(writer, made));
            else
                await session.Output.WriteLineAsync($"{to}: made");
            return FarmExitCode.Done;
        }).WhoMay($"its owner's members and members of {Role.Administrator.ToName()}, while the setting soyuz.livefs.allow_new is on");
    }

    private static Command Delete()
    {
        var path = PathArgument();
        return new Command("delete", "Delete a live filesystem of which nothing was ever built.") { path }
            .WithSession(async (session, parsed, stop) =>
        {
            var actor = await session.ActorAsync(stop);
            var livefs = await GetAsync(session, actor, parsed.GetValue(path)!, stop);
            await session.Records.LiveFilesystems.DeleteAsync(actor, livefs.Id, stop);
            return FarmExitCode.Done;
        }).WhoMay(LiveFsRights.Edit.Who);
    }

    internal static void Write(Utf8JsonWriter json, LiveFs livefs)
    {
        json.WriteStartObject();
        foreach (var column in LiveFsColumns.All)
            column.WriteJson(json, livefs);
        json.WriteEndObject();
    }
}

using System.CommandLine;
using Buildd.Farm.Audit;
using Buildd.Farm.Rights;

namespace Buildd.Cli.Commands.People;

/// <summary><c>buildd-farm audit</c>: who changed what.</summary>
internal static class AuditCommand
{
    internal static Command Create()
    {
        var actor = new Option<string?>("--actor") { Description = "Only what somebody of this name changed.", HelpName = "NAME" };
        var kind = new Option<string?>("--kind") { Description = "Only changes of this kind of thing, such as person.", HelpName = "WORD" };
        var subject = new Option<string?>("--subject") { Description = "Only changes of the thing of this name.", HelpName = "NAME" };
        var before = new Option<long?>("--before") { Description = "Only entries before the one of this number.", HelpName = "NUMBER" };
        var count = new Option<int>("--count")
        {
            Description = $"How many entries at most, up to {AuditFilter.MaxCount}.",
            HelpName = "NUMBER",
            DefaultValueFactory = _ => new AuditFilter().Count,
        };
        Listing.RequireRange(count, 1, AuditFilter.MaxCount);
        var json = Listing.JsonOption();
        return new Command("audit", "List who changed what, the youngest change first.") { actor, kind, subject, before, count, json }
            .WithSession(async (session, parsed, stop) =>
        {
            var entries = await session.Records.Audit.ListAsync(
                await session.ActorAsync(stop),
                new AuditFilter
                {
                    Actor = parsed.GetValue(actor),
                    Kind = parsed.GetValue(kind),
                    Subject = parsed.GetValue(subject),
                    Before = parsed.GetValue(before),
                    Count = parsed.GetValue(count),
                },
                stop);
            if (parsed.GetValue(json))
            {
                Listing.WriteJson(session.Output, entries, (writer, entry) =>
                {
                    writer.WriteStartObject();
                    RecordJson.WriteMembers(writer, AuditColumns.All, entry);
                    writer.WriteEndObject();
                });
            }
            else
            {
                Listing.WriteTable(session.Output, ["NUMBER", "TIME", "WHO", "ORIGIN", "WHAT", "CHANGES"], entries.Select(
                    entry => (IReadOnlyList<string>)
                    [
                        Listing.Text(entry.Id), Listing.Text(entry.At), entry.ActorName, entry.Origin,
                        $"{entry.Kind} {entry.Subject}: {entry.Action}",
                        string.Join("; ", entry.Changes.Select(change => $"{change.Field}: {change.Old ?? "-"} -> {change.New ?? "-"}")),
                    ]));
            }

            return FarmExitCode.Done;
        }).WhoMay($"members of {Role.Administrator.ToName()}");
    }
}

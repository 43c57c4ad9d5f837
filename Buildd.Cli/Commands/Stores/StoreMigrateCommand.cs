using System.CommandLine;
using Buildd.Linux.Text;

namespace Buildd.Cli.Commands.Stores;

/// <summary><c>buildd-farm store migrate</c>: brings the store up to date on purpose, which any command does by the way.</summary>
internal static class StoreMigrateCommand
{
    internal static Command Create()
    {
        var json = Listing.JsonOption();
        return new Command(
            "migrate",
            "Bring the store of an older program up to date, which the first command of a newer program does anyway. "
            + "Older programs can't open it any more.") { json }.WithConfiguration(
            async (place, parsed, stop) =>
            {
                place.RequireStore();
                int before;
                await using (var view = await place.Configuration.Store.ViewAsync(stop))
                    before = view.Version;
                await using (await place.Configuration.Store.OpenAsync(stop))
                {
                }

                await using var store = await place.Configuration.Store.ViewAsync(stop);
                if (parsed.GetValue(json))
                {
                    Listing.WriteJson(place.Output, writer =>
                    {
                        writer.WriteStartObject();
                        writer.WriteString("store", store.Name);
                        writer.WriteNumber("from", before);
                        writer.WriteNumber("to", store.Version);
                        writer.WriteEndObject();
                    });
                    return FarmExitCode.Done;
                }

                var done = before == store.Version ? $"has the schema {before} already"
                    : before == 0 ? $"was empty, and has the schema {store.Version} now"
                    : $"had the schema {before}, and has {store.Version} now";
                await place.Output.WriteLineAsync(Printable.Text($"{store.Name} {done}"));
                return FarmExitCode.Done;
            },
            stopping: "stopping when the step is done");
    }
}

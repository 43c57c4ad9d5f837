using System.CommandLine;
using System.Text.Json;
using Buildd.Cli.Application;
using Buildd.Farm.Store;
using Buildd.Linux.Text;

namespace Buildd.Cli.Commands.Stores;

/// <summary><c>buildd-farm store check</c>: whether the store is well, without changing anything in it.</summary>
internal static class StoreCheckCommand
{
    internal static Command Create()
    {
        var json = Listing.JsonOption();
        return new Command(
            "check",
            "Say what the store is and how much is in it, and read all of it to find damage and records that contradict each other. "
            + "Nothing is changed, and 'run' goes on meanwhile. The exit code is 2 if something is not well.") { json }.WithConfiguration(
            async (place, parsed, stop) =>
            {
                place.RequireStore();
                await using var store = await place.Configuration.Store.ViewAsync(stop);
                var mistakes = await store.FindMistakesAsync();
                var counts = await CountAsync(store, mistakes);
                if (parsed.GetValue(json))
                    Listing.WriteJson(place.Output, writer => Write(writer, store, counts, mistakes));
                else
                    await TellAsync(place, store, counts, mistakes);
                return mistakes.Count == 0 ? FarmExitCode.Done : FarmExitCode.NotWell;
            });
    }

    /// <summary>Where mistakes were found, a table that can't be counted is no reason not to say them.</summary>
    private static async Task<IReadOnlyList<(string Table, long Rows)>> CountAsync(StoreView store, IReadOnlyList<string> mistakes)
    {
        try
        {
            return await store.CountAsync();
        }
        catch (StoreException exception) when (mistakes.Count > 0 && !exception.IsTransient)
        {
            return [];
        }
    }

    private static async Task TellAsync(
        FarmPlace place, StoreView store, IReadOnlyList<(string Table, long Rows)> counts, IReadOnlyList<string> mistakes)
    {
        await place.Output.WriteLineAsync(Printable.Text($"store: {store.Name}"));
        await place.Output.WriteLineAsync($"engine: {store.Engine}");
        await place.Output.WriteLineAsync(store switch
        {
            { Version: 0 } => $"schema: none yet; this program makes {store.Newest}",
            _ when store.Version < store.Newest =>
                $"schema: {store.Version}; this program brings it to {store.Newest}, as 'buildd-farm store migrate' does",
            _ => $"schema: {store.Version}; this program has {store.Newest}",
        });
        if (counts.Count > 0)
            Listing.WriteTable(place.Output, ["TABLE", "ROWS"], counts.Select(count => (string[])[count.Table, Listing.Text(count.Rows)]));
        foreach (var mistake in mistakes)
            await place.Error.WriteLineAsync(Printable.Text($"not well: {mistake}"));
        if (mistakes.Count == 0)
            await place.Output.WriteLineAsync("the store is well");
    }

    private static void Write(
        Utf8JsonWriter json, StoreView store, IReadOnlyList<(string Table, long Rows)> counts, IReadOnlyList<string> mistakes)
    {
        json.WriteStartObject();
        json.WriteString("store", store.Name);
        json.WriteString("engine", store.Engine);
        json.WriteNumber("schema", store.Version);
        json.WriteNumber("program_schema", store.Newest);
        json.WriteStartObject("rows");
        foreach (var (table, rows) in counts)
            json.WriteNumber(table, rows);
        json.WriteEndObject();
        json.WriteStartArray("mistakes");
        foreach (var mistake in mistakes)
            json.WriteStringValue(mistake);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}

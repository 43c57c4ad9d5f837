using System.CommandLine;
using Buildd.Cli.Application;
using Buildd.Farm.Store;
using Buildd.Farm.Store.Sqlite;
using Buildd.Linux.Files;
using Buildd.Linux.Text;

namespace Buildd.Cli.Commands.Stores;

/// <summary><c>buildd-farm store copy</c>: takes a store of SQLite to PostgreSQL.</summary>
internal static class StoreCopyCommand
{
    internal static Command Create()
    {
        var from = new Option<string?>("--from")
        {
            Description = "The store of SQLite to copy (default: farm.sqlite in the folder State).",
            HelpName = "FILE",
        };
        var json = Listing.JsonOption();
        return new Command(
            "copy",
            "Copy a store of SQLite into the empty database of PostgreSQL that the configuration's Store names. "
            + "Stop 'run' first. What was begun and not ended leaves nothing, and the same command may be given again.") { from, json }
            .WithConfiguration(
                async (place, parsed, stop) =>
                {
                    var path = Path.GetFullPath(parsed.GetValue(from) ?? place.Configuration.Store.Path);
                    var copied = await CopyAsync(place, path, stop);
                    if (parsed.GetValue(json))
                    {
                        Listing.WriteJson(place.Output, writer =>
                        {
                            writer.WriteStartObject();
                            writer.WriteString("from", path);
                            writer.WriteString("to", copied.Name);
                            writer.WriteStartObject("rows");
                            foreach (var (table, rows) in copied.Rows)
                                writer.WriteNumber(table, rows);
                            writer.WriteEndObject();
                            writer.WriteEndObject();
                        });
                        return FarmExitCode.Done;
                    }

                    Listing.WriteTable(
                        place.Output, ["TABLE", "ROWS"], copied.Rows.Select(one => (string[])[one.Table, Listing.Text(one.Rows)]));
                    await place.Output.WriteLineAsync(Printable.Text(
                        $"""
                        All of {path} is in {copied.Name} now, and was counted there.
                        Look at it with 'buildd-farm store check', then start 'run' again: the configuration names the new store already.
                        Keep the file as a backup of this moment; nothing reads it any more.
                        """));
                    return FarmExitCode.Done;
                },
                stopping: "stopping; nothing of the copy is kept");
    }

    private static async Task<(string Name, IReadOnlyList<(string Table, long Rows)> Rows)> CopyAsync(
        FarmPlace place, string path, CancellationToken cancellationToken)
    {
        if (place.Configuration.Store.Database is not { } database)
        {
            throw new FarmException(
                "there is nothing to copy to: the field Store of the configuration names no database of PostgreSQL, such as 'postgresql "
                    + "Host=/var/run/postgresql;Database=buildd-farm'")
            {
                ExitCode = FarmExitCode.BadConfiguration,
            };
        }

        if (UnixFile.KindOf(path) == FileKind.Missing)
            throw FarmException.NotFound($"there is no store {path}: --from names another file");
        await using var source = await SqliteStore.OpenAsync(path, cancellationToken: cancellationToken);
        await RequireUnusedAsync(source, path, cancellationToken);
        await using var target = await place.Configuration.Store.OpenPostgresAsync(database, cancellationToken);
        using var progress = new ProgressLine(place.Error, place.IsErrorTerminal, $"copying {path}", TimeProvider.System);
        var copy = new StoreCopy(source, target) { Progress = (done, all) => progress.Show((double)done / all) };
        return (target.Name, await copy.RunAsync(cancellationToken));
    }

    /// <summary>A 'run' would go on with the old store, and the new one would know nothing of what it does.</summary>
    private static async Task RequireUnusedAsync(SqliteStore source, string path, CancellationToken cancellationToken)
    {
        var runs = new Runs(Path.Combine(Path.GetDirectoryName(path)!, "runs"));
        var now = source.Time.GetUtcNow();
        var leased = (await source.Builders.ListAsync(cancellationToken))
            .Where(builder => builder.LeaseOwner is not null && builder.LeaseExpires > now && runs.IsAlive(builder.LeaseOwner) != false)
            .Select(builder => builder.LeaseOwner!);
        if (runs.FindLiving().Concat(leased).FirstOrDefault() is { } owner)
        {
            throw new FarmException(
                $"{path} is used by a 'run' ({Runs.Describe(owner)}): stop it, then copy. Builds go on at their builders meanwhile, and "
                    + "the next 'run' finds them. If that run is no more, its leases end by themselves: try again after Lease-Duration.");
        }
    }
}

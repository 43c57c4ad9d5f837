using System.CommandLine;
using Buildd.Linux.Text;
using Buildd.Master;

namespace Buildd.Cli.Commands;

/// <summary><c>buildd-farm prune</c>: removes old logs, and old uploads that were not accepted.</summary>
internal static class PruneCommand
{
    /// <summary>The least age of what is removed, unless told otherwise: long enough for somebody who was away for a month.</summary>
    private const int DefaultDays = 30;

    /// <summary>The most days that make sense: a hundred years.</summary>
    private const int MaxDays = 36500;

    /// <summary>The longest wait for a 'run' that is processing an upload.</summary>
    private static readonly TimeSpan LockWait = TimeSpan.FromSeconds(10);

    private static readonly string[] Units = ["bytes", "KiB", "MiB", "GiB", "TiB"];

    internal static Command Create()
    {
        var days = new Option<int>("--older-than")
        {
            Description = "How many days ago builds must have ended and uploads have come; 0 for all that are over.",
            HelpName = "DAYS",
            DefaultValueFactory = _ => DefaultDays,
        };
        Listing.RequireRange(days, 0, MaxDays);
        var dryRun = new Option<bool>("--dry-run", "-n") { Description = "Only say what would be removed." };
        var json = Listing.JsonOption();
        return new Command(
            "prune",
            "Remove logs of builds that are over, and uploads that were rejected or failed, which then can't be rescued any more. "
            + "Records, inputs and the archive stay.") { days, dryRun, json }.WithSession(async (session, parsed, stop) =>
        {
            var configuration = session.Configuration;
            var pruner = new FarmPruner(
                configuration.Results, session.Store.Builds, configuration.Uploads.LogFolder(configuration.Results), session.Time);
            var isDryRun = parsed.GetValue(dryRun);
            var pruned = await pruner.RunAsync(TimeSpan.FromDays(parsed.GetValue(days)), isDryRun, LockWait, stop);
            var bytes = pruned.Sum(item => item.Bytes);
            if (parsed.GetValue(json))
            {
                Listing.WriteJson(session.Output, writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteBoolean("dry_run", isDryRun);
                    writer.WriteNumber("bytes", bytes);
                    writer.WriteStartArray("removed");
                    foreach (var item in pruned)
                    {
                        writer.WriteStartObject();
                        writer.WriteString("kind", NameOf(item.Kind));
                        writer.WriteString("path", item.Path);
                        writer.WriteString("build", item.Build?.ToString());
                        writer.WriteNumber("bytes", item.Bytes);
                        writer.WriteEndObject();
                    }

                    writer.WriteEndArray();
                    writer.WriteEndObject();
                });
                return FarmExitCode.Done;
            }

            foreach (var item in pruned)
                await session.Output.WriteLineAsync(Printable.Text($"{item.Path} ({Size(item.Bytes)})"));
            await session.Output.WriteLineAsync(
                $"{pruned.Count} {(isDryRun ? "would be removed, which frees" : "removed, which frees")} {Size(bytes)}");
            return FarmExitCode.Done;
        });
    }

    private static string NameOf(PrunedKind kind) => kind switch
    {
        PrunedKind.Upload => "upload",
        PrunedKind.UploadLog => "upload-log",
        PrunedKind.BuildLogs => "build-logs",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such kind."),
    };

    private static string Size(long bytes)
    {
        var (size, unit) = ((double)bytes, 0);
        for (; size >= 1024 && unit < Units.Length - 1; unit++)
            size /= 1024;
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{size:0.#} {Units[unit]}");
    }
}

using System.CommandLine;
using System.Text.Json;
using Buildd.Cli.Application;
using Buildd.Farm.Builds;
using Buildd.Linux.Text;
using Buildd.Master;
using Buildd.Master.Builds;
using Buildd.Master.Results;

namespace Buildd.Cli.Commands;

/// <summary><c>buildd-farm show</c>: all that is known of a build.</summary>
internal static class ShowCommand
{
    internal static Command Create()
    {
        var name = BuildName.Argument();
        var json = Listing.JsonOption();
        return new Command("show", "Show what is known of a build.") { name, json }.WithSession(async (session, parsed, stop) =>
        {
            var build = await session.FindBuildAsync(parsed.GetValue(name)!, right: null, stop);
            var waiting = await ExplainAsync(session, build, stop);
            var asked = await session.Records.Requests.FindAsync(build.Id, stop);
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, writer => WriteJson(writer, build, waiting, asked?.Request));
            else
                Write(session, build, waiting, asked);
            return FarmExitCode.Done;
        }).WhoMay(BuildRights.View.Who);
    }

    /// <summary>Why it waits; null for a build that does not.</summary>
    private static async Task<WaitingReason?> ExplainAsync(FarmSession session, Build build, CancellationToken cancellationToken) =>
        build.Queue is QueueState.Waiting or QueueState.Suspended
            ? await WaitingReasons.ExplainAsync(
                build, session.Store.Builds, session.Store.Builds, session.Store.Builders, time: session.Time,
                cancellationToken: cancellationToken)
            : null;

    private static void WriteJson(Utf8JsonWriter json, Build build, WaitingReason? waiting, Request? asked)
    {
        json.WriteStartObject();
        RecordJson.WriteMembers(json, build);
        json.WriteString("waiting_reason", waiting?.Sentence);
        json.WritePropertyName("queue_position");
        if (waiting?.Position is { } position)
            json.WriteNumberValue(position);
        else
            json.WriteNullValue();
        json.WritePropertyName("estimated_start");
        if (waiting?.EstimatedStart is { } start)
            json.WriteStringValue(start);
        else
            json.WriteNullValue();
        json.WritePropertyName("request");
        if (asked is null)
        {
            json.WriteNullValue();
        }
        else
        {
            json.WriteStartObject();
            foreach (var column in RequestColumns.All)
                column.WriteJson(json, asked);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Write(FarmSession session, Build build, WaitingReason? waiting, FarmBuild? asked)
    {
        void Line(string name, string? text)
        {
            if (!string.IsNullOrEmpty(text))
                session.Output.WriteLine($"{name + ":",-18} {Printable.Text(text)}");
        }

        Line("Build", build.Cookie.ToString());
        Line("Title", build.Title);
        Line("State", $"{build.State.ToName()} ({build.State.ToTitle()}){(build.Queue == QueueState.Suspended ? ", suspended" : "")}");
        Line("Reason", build.Reason);
        Line("Waits", waiting?.Sentence);
        Line("Place", waiting?.Position is { } place ? Listing.Text(place) : null);
        Line("Starts", waiting?.EstimatedStart is { } start ? $"{Listing.Text(start)}, by estimates" : null);
        Line("Dependencies", build.Dependencies);
        Line("Builder", build.Builder);
        Line("Score", Listing.Text(build.Score) + (build.ScoredByHand ? " (by hand)" : ""));
        Line("Owner", build.Owner);
        Line("Archive", asked?.Archive.DisplayName);
        Line("Version", asked?.Request.Version);
        Line("Pocket", asked?.Request.Pocket);
        foreach (var line in asked?.Request.AptLines ?? [])
            Line("Apt line", line);
        Line("Processor", build.Processor ?? "any");
        Line("Resources", string.Join(' ', build.Resources));
        Line("Attempts", $"{build.Attempt}, {build.Failures} failures");
        Line("Created", Listing.Text(build.Created));
        Line("Not before", build.NotBefore is null ? null : Listing.Text(build.NotBefore));
        Line("Started", build.Started is null ? null : Listing.Text(build.Started));
        Line(
            "Finished", build.Finished is null ? null : Listing.Text(build.Finished)
                + (build.Duration is { } took ? $", after {Listing.Text(took)}" : ""));
        Line("Log", session.Logs.StoredPath(build));
        Line(
            "Upload log", build.UploadLogName is { } log ? Path.Combine(
                session.Configuration.Uploads.LogFolder(session.Configuration.Results), log) : null);
        Line("Results", LandedUpload.FindFolder(session.Configuration.Results, build));
        foreach (var file in build.Files)
            Line("File", $"{file.Name} ({Listing.Text(file.Size)} bytes, SHA-256 {file.Sha256})");
    }
}

using System.Text.Json;
using Buildd.Farm.Store;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Uploads;

namespace Buildd.Cli.Commands;

/// <summary>Records as JSON objects. Names are those of the store's columns; <c>docs/buildd-farm.md</c> lists them, and they stay.</summary>
internal static class RecordJson
{
    internal static void Write(Utf8JsonWriter json, Build build)
    {
        json.WriteStartObject();
        WriteMembers(json, build);
        json.WriteEndObject();
    }

    internal static void WriteMembers(Utf8JsonWriter json, Build build)
    {
        json.WriteNumber("id", build.Id);
        json.WriteString("cookie", build.Cookie);
        json.WriteString("title", build.Title);
        json.WriteString("state", build.State.ToName());
        json.WriteString("queue", build.Queue?.ToString().ToUpperInvariant());
        json.WriteString("subject", build.Subject);
        json.WriteString("owner", build.Owner);
        json.WriteString("archive", build.Archive);
        json.WriteString("distribution", build.Distribution);
        json.WriteString("job_type", build.JobType);
        json.WriteString("manager", build.Manager);
        json.WriteString("processor", build.Processor);
        json.WriteBoolean("virtualized", build.Virtualized);
        Write(json, "resources", build.Resources);
        json.WriteNumber("score", build.Score);
        json.WriteBoolean("scored_by_hand", build.ScoredByHand);
        json.WriteNumber("estimated_seconds", build.EstimatedDuration.TotalSeconds);
        Write(json, "created", build.Created);
        Write(json, "queued", build.Queued);
        Write(json, "not_before", build.NotBefore);
        Write(json, "started", build.Started);
        Write(json, "first_dispatched", build.FirstDispatched);
        Write(json, "finished", build.Finished);
        json.WriteString("builder", build.Builder);
        json.WriteNumber("attempt", build.Attempt);
        json.WriteNumber("failures", build.Failures);
        json.WriteNumber("given_back", build.GivenBack);
        Write(json, "cancel_requested", build.CancelRequested);
        json.WriteString("leaf", build.Leaf);
        json.WriteString("log_name", build.LogName);
        json.WriteString("upload_log_name", build.UploadLogName);
        json.WriteString("dependencies", build.Dependencies);
        json.WriteString("reason", build.Reason);
        json.WriteStartArray("files");
        foreach (var file in build.Files)
        {
            json.WriteStartObject();
            json.WriteString("name", file.Name);
            json.WriteNumber("size", file.Size);
            json.WriteString("sha1", file.Sha1);
            json.WriteString("sha256", file.Sha256);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("revision", build.Revision);
    }

    internal static void Write(Utf8JsonWriter json, Builder builder)
    {
        json.WriteStartObject();
        WriteMembers(json, builder);
        json.WriteEndObject();
    }

    internal static void WriteMembers(Utf8JsonWriter json, Builder builder)
    {
        json.WriteString("name", builder.Name);
        json.WriteString("url", builder.Url.OriginalString);
        Write(json, "processors", builder.Processors);
        json.WriteBoolean("virtualized", builder.Virtualized);
        json.WriteString("vm_host", builder.VmHost);
        json.WriteString("vm_reset_protocol", builder.VmResetProtocol is { } protocol ? BuildersCommand.Name(protocol) : null);
        json.WriteBoolean("in_service", builder.InService);
        json.WriteString("fail_notes", builder.FailNotes);
        json.WriteBoolean("manual", builder.Manual);
        json.WriteNumber("failures", builder.Failures);
        json.WriteString("version", builder.Version);
        json.WriteString("clean", builder.Clean.ToString().ToUpperInvariant());
        Write(json, "clean_changed", builder.CleanChanged);
        Write(json, "open_resources", builder.OpenResources);
        Write(json, "restricted_resources", builder.RestrictedResources);
        Write(json, "unable_to", builder.UnableTo);
        json.WriteString("lease_owner", builder.LeaseOwner);
        Write(json, "lease_expires", builder.LeaseExpires);
        json.WriteNumber("revision", builder.Revision);
    }

    internal static void Write(Utf8JsonWriter json, ChrootRecord chroot)
    {
        json.WriteStartObject();
        json.WriteString("series", chroot.Series);
        json.WriteString("arch_tag", chroot.ArchTag);
        json.WriteString("name", chroot.Name);
        json.WriteString("sha1", chroot.Sha1);
        json.WriteNumber("size", chroot.Size);
        Write(json, "added", chroot.Added);
        json.WriteEndObject();
    }

    internal static void Write(Utf8JsonWriter json, ProcessedLeaf leaf)
    {
        json.WriteStartObject();
        json.WriteString("leaf", leaf.Leaf);
        json.WriteString("outcome", leaf.Outcome.ToString().ToUpperInvariant());
        json.WriteString("cookie", leaf.Build?.Cookie);
        json.WriteString("reason", leaf.Reason);
        json.WriteString("folder", leaf.Folder);
        Write(json, "findings", [.. leaf.Findings.Select(finding => finding.ToString())]);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } known)
            json.WriteString(name, known);
        else
            json.WriteNull(name);
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<string> words)
    {
        json.WriteStartArray(name);
        foreach (var word in words)
            json.WriteStringValue(word);
        json.WriteEndArray();
    }
}

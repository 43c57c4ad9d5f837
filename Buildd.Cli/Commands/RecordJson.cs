using System.Text.Json;
using Buildd.Farm.Store;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Uploads;

namespace Buildd.Cli.Commands;

/// <summary>Records as JSON objects. Members are the store's columns; <c>docs/buildd-farm.md</c> says what is promised of them.</summary>
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
        foreach (var column in BuildColumns.All)
        {
            column.WriteJson(json, build);
            if (column.Property == nameof(Build.Id))
                json.WriteString("cookie", build.Cookie.ToString()); // made of the number and the kind of job, so it has no column
        }
    }

    internal static void Write(Utf8JsonWriter json, Builder builder)
    {
        json.WriteStartObject();
        WriteMembers(json, builder);
        json.WriteEndObject();
    }

    internal static void WriteMembers(Utf8JsonWriter json, Builder builder) => WriteMembers(json, BuilderColumns.All, builder);

    internal static void Write(Utf8JsonWriter json, ChrootRecord chroot)
    {
        json.WriteStartObject();
        WriteMembers(json, ChrootColumns.All, chroot);
        json.WriteEndObject();
    }

    internal static void Write(Utf8JsonWriter json, ProcessedLeaf leaf)
    {
        json.WriteStartObject();
        json.WriteString("leaf", leaf.Leaf);
        json.WriteString("outcome", leaf.Outcome.ToString().ToUpperInvariant());
        json.WriteString("cookie", leaf.Build?.Cookie.ToString());
        json.WriteString("reason", leaf.Reason);
        json.WriteString("folder", leaf.Folder);
        json.WriteStartArray("findings");
        foreach (var finding in leaf.Findings)
            json.WriteStringValue(finding.ToString());
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Writes a member for each column of a record.</summary>
    internal static void WriteMembers<T>(Utf8JsonWriter json, IReadOnlyList<Column<T>> columns, T record)
    {
        foreach (var column in columns)
            column.WriteJson(json, record);
    }
}

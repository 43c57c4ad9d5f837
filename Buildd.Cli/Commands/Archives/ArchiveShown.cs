using System.Text.Json;
using Buildd.Cli.Application;
using Buildd.Farm.Archives;

namespace Buildd.Cli.Commands.Archives;

/// <summary>How an archive is shown.</summary>
internal static class ArchiveShown
{
    /// <summary>Writes an archive with what it depends on as an object of JSON.</summary>
    internal static void Write(
        Utf8JsonWriter json, NamedArchive archive, IReadOnlyList<(ArchiveDependency How, NamedArchive Archive)> dependencies)
    {
        json.WriteStartObject();
        WriteMembers(json, archive);
        json.WriteStartArray("dependencies");
        foreach (var (how, on) in dependencies)
        {
            json.WriteStartObject();
            json.WriteString("reference", on.Name);
            Given.WriteMembers(json, ArchiveDependencyColumns.All, how);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Writes the members of an archive, with what it and its owner are called.</summary>
    internal static void WriteMembers(Utf8JsonWriter json, NamedArchive archive)
    {
        json.WriteString("reference", archive.Name);
        json.WriteString("owner_name", archive.Owner);
        Given.WriteMembers(json, ArchiveColumns.All, archive.Archive);
    }

    /// <summary>Writes an archive for people.</summary>
    internal static void Write(
        FarmSession session, NamedArchive named, IReadOnlyList<(ArchiveDependency How, NamedArchive Archive)> dependencies)
    {
        var archive = named.Archive;
        session.WriteLine("Archive", named.Name);
        session.WriteLine("Display name", archive.DisplayName);
        session.WriteLine("Purpose", archive.Purpose.ToName());
        session.WriteLine("Owner", named.Owner);
        session.WriteLine("Description", archive.Description.ReplaceLineEndings(" "));
        session.WriteLine("Private", Given.YesNo(archive.IsPrivate));
        session.WriteLine("Enabled", Given.YesNo(archive.Enabled));
        session.WriteLine("Needs virtual", Given.YesNo(archive.RequireVirtualized));
        session.WriteLine("Relative score", Listing.Text(archive.RelativeScore));
        session.WriteLine("Allows rebuilds", Given.YesNo(archive.AllowRebuilds));
        session.WriteLine("Components", string.Join(' ', archive.Components));
        session.WriteLine(
            "Architectures", archive.Architectures.Count == 0 ? "all of the series" : string.Join(' ', archive.Architectures));
        session.WriteLine("URL", archive.Url);
        session.WriteLine("Signing key", archive.SigningKey);
        session.WriteLine("Publication", archive.Publication);
        session.WriteLine("Created", Listing.Text(archive.Created));
        foreach (var line in archive.ExternalLines)
            session.WriteLine("External line", line);
        foreach (var (how, on) in dependencies)
            session.WriteLine("Depends on", $"{on.Name} {how.Pocket.ToName()}{(how.Component is { } component ? $" {component}" : "")}");
    }
}

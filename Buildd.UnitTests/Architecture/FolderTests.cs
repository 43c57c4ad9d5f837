using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Architecture;

/// <summary>Which folder of a project may know which other: a floor knows those below it, and its folders don't know each other.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class FolderTests
{
    /// <summary>Where the parts of each project stand, bottom to top.</summary>
    private static readonly Dictionary<string, Floors> House = new()
    {
        ["Buildd.Protocol"] = new(["BuildCookie.cs", "ProtocolException.cs", "Sha1.cs"], ["XmlRpc"], ["Messages", "Secrets"], ["Client"]),
        ["Buildd.Debian"] = new(
            ["DebianException.cs"],
            ["Apt", "Architectures", "ControlFiles", "Keys", "Versions"],
            ["Packages", "Relations"]),
        ["Buildd.Linux"] = new(["Processes", "Text"], ["Files"], ["Startup", "Systemd"]),
        ["Buildd.Slave"] = new(
            ["RefusedException.cs", "SlaveEvents.cs", "Metrics"],
            ["Logs"],
            ["Builds"],
            ["Files"],
            ["Http/EndpointOptions.cs"],
            ["SlaveOptions.cs"],
            ["Lifecycle"],
            ["Http"]),
        ["Buildd.Backends"] = new(
            ["Commands"],
            ["Root"],
            ["Steps"],
            ["Limits"],
            ["Environments"],
            ["DebianBuilds"],
            ["BinaryPackage", "LiveFs", "PlugIn", "Recipe", "TranslationTemplates"],
            ["LiveFs/LiveBuild", "LiveFs/Mmdebstrap"],
            ["LiveFs/LiveFsBackend.cs"]),
        ["Buildd.Daemon"] = new(
            ["Configuration/ConfigurationException.cs", "DaemonEvents.cs"],
            ["Logging", "Security", "Systemd"],
            ["Configuration"],
            ["Root"]),
        ["Buildd.Master"] = new(
            ["ClockSteps.cs", "MasterException.cs", "MasterEvents.cs", "RecordChange.cs", "ResourceWords.cs", "Secrets.cs", "Signal.cs"],
            ["RecordsException.cs", "Trouble.cs"],
            ["Bulkhead.cs"],
            ["Builders", "Builds"],
            ["Connections", "Inputs", "Leaves", "MasterEvent.cs", "MasterMeters.cs", "Notification"],
            ["EventHub.cs", "Jobs"],
            ["Choosing", "Dispatch", "Jobs/LiveFs", "Jobs/Packages"],
            ["MasterOptions.cs"],
            ["Results"],
            ["Logs", "Uploads/FileSums.cs", "Uploads/PackageUpload.cs", "Uploads/UploadException.cs"],
            ["Uploads/Archives", "Uploads/Checks"],
            ["Mail"],
            ["Uploads"],
            ["BuildMasterParts.cs"],
            ["Scanning"]),
        ["Buildd.Farm"] = new(
            ["FarmEvents.cs", "FarmExitCode.cs", "StateFiles.cs", "WorkFolder.cs"],
            ["FarmException.cs", "Runs.cs", "TailBuffer.cs"],
            ["Compression", "Mail", "Store"],
            ["Chroots"],
            ["Configuration", "Inputs"],
            ["Telemetry", "Rights"],
            ["Audit"],
            ["People", "Settings"],
            ["Distributions"],
            ["Archives"],
            ["LiveFilesystems"],
            ["Builds"]),
        ["Buildd.Cli"] = new(["Application"], ["Commands"]),
    };

    private static IEnumerable<string> Projects => House.Keys;

    [TestCaseSource(nameof(Projects))]
    public void A_folder_knows_only_what_is_on_the_floors_below(string project)
    {
        var floors = House[project];
        var wrong = FolderArrows.Find(Read(project), floors.PartOf)
            .Where(arrow => floors.FloorOf(arrow.Key.From) is { } from && floors.FloorOf(arrow.Key.To) is { } to && to >= from)
            .Select(arrow => $"{arrow.Key.From} -> {arrow.Key.To}: {string.Join(", ", arrow.Value)}");

        Assert.That(wrong, Is.Empty, $"{project}: the first part is not on a floor above the second");
    }

    [TestCaseSource(nameof(Projects))]
    public void Every_folder_is_on_a_floor_and_every_floor_has_what_is_named_on_it(string project)
    {
        var floors = House[project];
        var parts = Read(project).Select(file => floors.PartOf(file.Path)).Append(Floors.Top).Distinct();

        Assert.That(parts, Is.EquivalentTo(floors.Parts.Append(Floors.Top)));
    }

    private static List<SourceFile> Read(string project)
    {
        var folder = Path.Combine(Repository.Root, project);
        return [.. from path in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
                   let inside = Path.GetRelativePath(folder, path)
                   where inside.Split('/')[0] is not ("obj" or "bin")
                   select SourceFile.Read(inside, File.ReadAllText(path))];
    }
}

using System.Reflection;
using System.Xml.Linq;
using Buildd.Cli.Commands;
using Buildd.Daemon;
using Buildd.Debian;
using Buildd.Farm;
using Buildd.Linux.Processes;
using Buildd.Master;
using Buildd.Protocol;
using Buildd.Slave.Builds;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Architecture;

/// <summary>The picture of the solution: which project may refer to which, itself or through others.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> Picture = new()
    {
        ["Buildd.Protocol"] = [],
        ["Buildd.Debian"] = ["Buildd.Linux"],
        ["Buildd.Linux"] = [],
        ["Buildd.Slave"] = ["Buildd.Protocol", "Buildd.Linux"],
        ["Buildd.Backends"] = ["Buildd.Slave", "Buildd.Protocol", "Buildd.Debian", "Buildd.Linux"],
        ["Buildd.Daemon"] = ["Buildd.Backends", "Buildd.Slave", "Buildd.Protocol", "Buildd.Debian", "Buildd.Linux"],
        ["Buildd.Master"] = ["Buildd.Protocol", "Buildd.Debian", "Buildd.Linux"],
        ["Buildd.Farm"] = ["Buildd.Master", "Buildd.Protocol", "Buildd.Debian", "Buildd.Linux"],
        ["Buildd.Cli"] = ["Buildd.Farm", "Buildd.Master", "Buildd.Protocol", "Buildd.Debian", "Buildd.Linux"],
    };

    /// <summary>
    /// Beside the unit tests. The farm is one program in several assemblies, and no library for others; benchmarks measure parts of it and
    /// of the master by themselves.
    /// </summary>
    private static readonly Dictionary<string, string[]> Friends = new()
    {
        ["Buildd.Master"] = ["Buildd.Benchmarks", "Buildd.IntegrationTests"],
        ["Buildd.Farm"] = ["buildd-farm", "buildd-demo", "Buildd.Benchmarks", "Buildd.IntegrationTests"],
        ["Buildd.Cli"] = ["buildd-demo"],
    };

    /// <summary>What is built and not shipped, the samples among it: it may refer to everything.</summary>
    private static readonly string[] NotShipped =
    [
        "Buildd.UnitTests", "Buildd.IntegrationTests", "Buildd.Testing", "Buildd.TestProgram", "Buildd.Benchmarks", "Buildd.Demo",
        "EmbeddedSlave", "BuildTen", "CustomJob",
    ];

    private static readonly Dictionary<string, Assembly> Assemblies = new()
    {
        ["Buildd.Protocol"] = typeof(ProtocolException).Assembly,
        ["Buildd.Debian"] = typeof(DebianException).Assembly,
        ["Buildd.Linux"] = typeof(Command).Assembly,
        ["Buildd.Slave"] = typeof(IBuildBackend).Assembly,
        ["Buildd.Backends"] = typeof(Buildd.Backends.BinaryPackage.BinaryPackageBackend).Assembly,
        ["Buildd.Daemon"] = typeof(SlaveApplication).Assembly,
        ["Buildd.Master"] = typeof(MasterException).Assembly,
        ["Buildd.Farm"] = typeof(TailBuffer).Assembly,
        ["Buildd.Cli"] = typeof(FarmCommandLine).Assembly,
    };

    private static readonly string Root = Repository.Root;

    private static IEnumerable<string> Projects => Picture.Keys;

    [Test]
    public void Every_project_of_the_solution_is_in_the_picture()
    {
        var inSolution = File.ReadLines(Path.Combine(Root, "Buildd.sln"))
            .Where(line => line.Contains(".csproj", StringComparison.Ordinal))
            .Select(line => line.Split('"')[3]);

        Assert.That(inSolution, Is.EquivalentTo(Picture.Keys.Concat(NotShipped)));
        Assert.That(Assemblies.Keys, Is.EquivalentTo(Picture.Keys));
    }

    [TestCaseSource(nameof(Projects))]
    public void Only_the_unit_tests_and_friends_see_what_is_internal(string project) => Assert.That(
        XDocument.Load(Path.Combine(Root, project, project + ".csproj")).Descendants("InternalsVisibleTo")
            .Select(friend => friend.Attribute("Include")!.Value),
        Is.SubsetOf(Friends.GetValueOrDefault(project, []).Append("Buildd.UnitTests")));

    [TestCaseSource(nameof(Projects))]
    public void An_assembly_refers_to_what_the_picture_allows_and_nothing_else(string project)
    {
        var projectOf = Assemblies.ToDictionary(pair => pair.Value.GetName().Name!, pair => pair.Key);
        var referred = Assemblies[project].GetReferencedAssemblies()
            .Select(name => name.Name!)
            .Where(name => projectOf.ContainsKey(name) || name.StartsWith("Buildd.", StringComparison.Ordinal))
            .Select(name => projectOf.GetValueOrDefault(name, name));

        Assert.That(referred, Is.SubsetOf(Picture[project]));
    }

    [TestCaseSource(nameof(Projects))]
    public void A_project_file_refers_to_what_the_picture_shows_no_less_and_no_more(string project) =>
        Assert.That(ReachedFrom(project), Is.EquivalentTo(Picture[project]));

    [Test]
    public void Slave_and_master_do_not_know_each_other()
    {
        Assert.That(
            ReachedFrom("Buildd.Slave").Concat(ReachedFrom("Buildd.Daemon")), Has.None.EqualTo("Buildd.Master")
                .And.None.EqualTo("Buildd.Farm"));
        Assert.That(
            ReachedFrom("Buildd.Master").Concat(ReachedFrom("Buildd.Farm")), Has.None.EqualTo("Buildd.Slave")
                .And.None.EqualTo("Buildd.Backends"));
    }

    [TestCaseSource(nameof(Projects))]
    public void Only_one_project_starts_processes(string project)
    {
        var starting = SourceFiles(project)
            .Where(path => File.ReadAllText(path) is var text
                && (
                    text.Contains("ProcessStartInfo", StringComparison.Ordinal)
                        || text.Contains("Process.Start(", StringComparison.Ordinal)))
            .Select(path => Path.GetRelativePath(Root, path));

        Assert.That(starting, project == "Buildd.Linux" ? Is.Not.Empty : Is.Empty);
    }

    /// <summary>A second way to start processes is for tests and benchmarks only (docs/decisions/0016).</summary>
    [TestCaseSource(nameof(Projects))]
    public void Nothing_that_is_shipped_refers_to_CliWrap(string project) => Assert.That(
        XDocument.Load(Path.Combine(Root, project, project + ".csproj")).Descendants("PackageReference")
            .Select(reference => reference.Attribute("Include")!.Value),
        Has.No.Member("CliWrap"));

    [TestCaseSource(nameof(Projects))]
    public void Only_one_project_calls_the_C_library(string project)
    {
        var calling = SourceFiles(project)
            .Where(path => File.ReadAllText(path) is var text
                && (text.Contains("[LibraryImport(", StringComparison.Ordinal) || text.Contains("[DllImport(", StringComparison.Ordinal)))
            .Select(path => Path.GetRelativePath(Root, path));

        Assert.That(calling, project == "Buildd.Linux" ? Is.Not.Empty : Is.Empty);
    }

    /// <summary>
    /// What is generated for several classes comes in an order that changes, and the programs would be others each time they are built.
    /// </summary>
    [TestCaseSource(nameof(Projects))]
    public void One_class_in_one_file_has_all_that_is_said_in_logs(string project)
    {
        var files = SourceFiles(project).Where(path => File.ReadAllText(path).Contains("[LoggerMessage(", StringComparison.Ordinal))
            .ToList();

        Assert.That(files, Has.Count.LessThanOrEqualTo(1));
        Assert.That(
            files.SelectMany(File.ReadLines)
                .Count(line => line.Contains(" partial class ", StringComparison.Ordinal)), Is.EqualTo(files.Count));
    }

    [TestCaseSource(nameof(Projects))]
    public void No_folder_has_the_name_of_a_public_type(string project)
    {
        var folders = SourceFiles(project)
            .SelectMany(path => Path.GetDirectoryName(Path.GetRelativePath(Path.Combine(Root, project), path))!.Split('/'))
            .Where(folder => folder.Length > 0)
            .Distinct();

        Assert.That(folders.Intersect(Assemblies[project].GetExportedTypes().Select(type => type.Name)), Is.Empty);
    }

    /// <summary>The projects that a project file names, and those that these name.</summary>
    private static HashSet<string> ReachedFrom(string project)
    {
        var reached = new HashSet<string>();
        var open = new Queue<string>([project]);
        while (open.TryDequeue(out var next))
        {
            foreach (var reference in XDocument.Load(Path.Combine(Root, next, next + ".csproj")).Descendants("ProjectReference"))
            {
                var name = Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value);
                if (reached.Add(name))
                    open.Enqueue(name);
            }
        }

        return reached;
    }

    private static IEnumerable<string> SourceFiles(string project)
    {
        var folder = Path.Combine(Root, project);
        return Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(path => Path.GetRelativePath(folder, path).Split('/')[0] is not ("obj" or "bin"));
    }
}

using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Packages;

/// <summary>The commands that README's section "Install on a builder" tells people to type; the tests run these.</summary>
internal static class InstallingDocument
{
    private const string Section = "### Install on a builder\n";
    private const string AsRoot = "sudo ";
    private const string Detail = "docs/installing.md";

    /// <summary>Those that are typed on the builder once the package is installed.</summary>
    internal static IReadOnlyList<string[]> SlaveCommands() => After(0, "make deb", "sudo apt install ./out/deb/buildd-slave_*.deb");

    /// <summary>Those that are typed on the master once the package is installed.</summary>
    internal static IReadOnlyList<string[]> FarmCommands() => After(2, "sudo apt install ./out/deb/buildd-farm_*.deb");

    /// <summary>The command that takes over an installed launchpad-buildd: the packages that it names.</summary>
    internal static IReadOnlyList<string> TakeOverPackages() =>
        [.. Blocks()[1].Single().Split(' ').Where(word => word.StartsWith("./out/deb/", StringComparison.Ordinal)).Select(
            word => Path.GetFileName(word).Split('_')[0])];

    /// <summary>How the further document has a builder made known to the farm.</summary>
    internal static IReadOnlyList<string[]> BuilderCommands() => [.. BlocksOf(Read(Detail)).Last().Select(command => command.Split(' '))];

    /// <summary>What the further document's table says to do with an instance; all but its stop.</summary>
    internal static IReadOnlyList<string[]> InstanceCommands(string instance) =>
    [
        .. Read(Detail).Split("| to | do |")[1].Split("\n\n")[0].Split('\n').Where(row => row.Contains('`', StringComparison.Ordinal))
            .Select(row => row.Split('`')[1].Replace("NAME", instance, StringComparison.Ordinal).Split(' '))
            .Where(command => command[1] != "stop"),
    ];

    /// <summary>The further document has the same.</summary>
    internal static void RequireSameInDetail()
    {
        var detail = BlocksOf(Read(Detail));
        foreach (var block in Blocks())
            Assert.That(detail, Does.Contain(block), Detail);
    }

    private static IReadOnlyList<string[]> After(int block, params string[] done)
    {
        var commands = Blocks()[block];
        Assert.That(commands[..done.Length], Is.EqualTo(done), "what the fixture has done");
        Assert.That(commands[done.Length..], Is.Not.Empty.And.All.StartsWith(AsRoot));
        return [.. commands[done.Length..].Select(command => command[AsRoot.Length..].Split(' '))];
    }

    private static List<string[]> Blocks() => BlocksOf(Read("README.md").Split(Section)[1].Split("\n### ")[0]);

    private static string Read(string name) => File.ReadAllText(Path.Combine(Repository.Root, name));

    private static List<string[]> BlocksOf(string text) =>
    [
        .. text.Split("```sh\n")[1..].Select(part => part.Split("```")[0]
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('#')[0].TrimEnd()).ToArray()),
    ];
}

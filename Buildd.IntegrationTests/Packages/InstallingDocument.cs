using Buildd.IntegrationTests.Support;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Packages;

/// <summary>The commands that docs/installing.md tells people to type; the tests run these.</summary>
internal static class InstallingDocument
{
    private const string AsRoot = "sudo ";

    /// <summary>Those of its first part that are typed on the builder once the packages are there.</summary>
    internal static IReadOnlyList<string> SystemCommands()
    {
        var commands = Block(0);
        Assert.That(commands[..2], Is.EqualTo(new[] { "make deb", "sudo apt install ./out/deb/buildd-slave_*.deb" }), "what the fixture has done");
        return [.. commands[2..].Select(command => command[AsRoot.Length..])];
    }

    /// <summary>The command that takes over an installed launchpad-buildd: the packages that it names.</summary>
    internal static IReadOnlyList<string> TakeOverPackages() =>
        [.. Block(1).Single().Split(' ').Where(word => word.StartsWith("./out/deb/", StringComparison.Ordinal)).Select(word => Path.GetFileName(word).Split('_')[0])];

    private static string[] Block(int number) =>
    [
        .. File.ReadAllText(Path.Combine(Repository.Root, "docs", "installing.md")).Split("```sh\n")[number + 1].Split("```")[0]
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('#')[0].TrimEnd()),
    ];
}

using System.Text.RegularExpressions;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Scenarios;

/// <summary>The table of rules and tests in <c>docs/farm.md</c> names tests that are there.</summary>
[Parallelizable(ParallelScope.All)]
public sealed partial class RuleTableTests
{
    [Test]
    public void The_document_names_only_tests_that_there_are()
    {
        var folders = (
            string[])[Path.Combine(Repository.Root, "Buildd.UnitTests", "Master"),
            Path.Combine(Repository.Root, "Buildd.IntegrationTests", "Scanning")];
        var sources = string.Concat(
            folders.SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)).Select(File.ReadAllText));
        var named = Names().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "farm.md")))
            .Select(match => match.Groups[1].Value).ToList();

        Assert.That(named, Has.Count.GreaterThan(40).And.Unique);
        Assert.That(named.Where(name => !sources.Contains($" {name}(", StringComparison.Ordinal)), Is.Empty);
    }

    [GeneratedRegex("`([A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+)`")]
    private static partial Regex Names();
}

using System.Reflection;
using System.Xml.Linq;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Architecture;

/// <summary>Others build on the packages: their surface changes on purpose or not at all.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class PublicApiTests
{
    /// <summary>The projects that 'make pack' makes packages of.</summary>
    private static IEnumerable<string> Packages =>
        XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props")).Descendants("BuilddPackages").Single().Value
            .Split(';', StringSplitOptions.RemoveEmptyEntries);

    [TestCaseSource(nameof(Packages))]
    public void The_public_surface_is_the_committed_one(string package) => PublicApi.AssertUnchanged(Assembly.Load(package));

    [Test]
    public void Every_committed_surface_is_a_package_s() => Assert.That(
        Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Data", "PublicApi")).Select(Path.GetFileNameWithoutExtension),
        Is.EquivalentTo(Packages));
}

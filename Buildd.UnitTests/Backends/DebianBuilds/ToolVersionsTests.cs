using Buildd.Backends.DebianBuilds;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.DebianBuilds;

[Parallelizable(ParallelScope.All)]
public sealed class ToolVersionsTests
{
    [Test]
    public void What_is_installed_is_told_in_order_and_nothing_else() => Assert.That(
        ToolVersions.Describe("1.2-1", """
            installed sbuild 0.85.0
            config-files schroot 1.6
            dpkg-query: no packages found matching git
            installed dpkg-dev 1.21

            """),
        Is.EqualTo("buildd-slave 1.2-1, dpkg-dev 1.21, sbuild 0.85.0"));

    [Test, CancelAfter(60_000)]
    public async Task This_machine_tells_our_own_version_first(CancellationToken cancellationToken) =>
        Assert.That(await ToolVersions.ReadAsync(cancellationToken), Does.Match(@"^buildd-slave \d+\.\d+"));
}

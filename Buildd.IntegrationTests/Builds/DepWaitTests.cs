using Buildd.IntegrationTests.Support;
using Buildd.Protocol.Messages;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Builds;

/// <summary>Packages that sbuild gives back, in a real chroot with real indexes; and one that only seems to be well.</summary>
[NonParallelizable]
[CancelAfter(600_000)]
public class DepWaitTests : BinaryPackageFixture
{
    [TestCase("no-such-package-dev", "no-such-package-dev", TestName = "A_package_that_needs_what_does_not_exist_waits_for_it")]
    [TestCase("make (>= 99)", "make (>= 99)", TestName = "A_package_that_needs_a_newer_version_waits_for_it")]
    [TestCase(
        "no-such-a (>= 1) | no-such-b:any [linux-any], no-such-c [!linux-any], make, no-such-d <!nocheck>, no-such-e <cross>",
        "no-such-a (>= 1) | no-such-b, no-such-d", TestName = "A_package_that_needs_several_things_waits_for_all_that_are_missing")]
    public async Task A_package_waits(string buildDepends, string dependencies)
    {
        var outcome = await RunAsync("fx-depwait", "echo built > out", buildDepends);

        Assert.That((outcome.Status, outcome.Dependencies), Is.EqualTo((BuildStatus.DepFail, dependencies)), outcome.Story);
        Assert.That(outcome.Log, Does.Contain($"not in the chroot's package lists: {dependencies}\n"));
        Assert.That(outcome.Log, Does.Not.Contain("\nProvides: "), "the indexes are read and not logged");
    }

    [Test]
    public async Task A_package_whose_dependencies_conflict_has_failed()
    {
        var outcome = await RunAsync(
            "fx-conflict", "echo built > out", "libcurl4-gnutls-dev, libcurl4-openssl-dev", await BuildEnvironment.ArchiveAsync());

        Assert.That((outcome.Status, outcome.Dependencies), Is.EqualTo((BuildStatus.PackageFail, "")), outcome.Story);
        Assert.That(outcome.Log, Does.Contain("Fail-Stage: install-deps").And.Contain("there is nothing to wait for"));
    }

    [Test]
    public async Task A_package_that_loses_half_of_a_pointer_has_failed()
    {
        // Later compilers call it an error, unless they are asked not to.
        var outcome =
            await RunAsync("fx-pointer", "printf 'char *f(void) { char *p = g(); return p; }\\n' > x.c; gcc -fpermissive -c x.c -o out");

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.PackageFail), outcome.Story);
        Assert.That(outcome.Log, Does.Contain("Status: successful").And.Contain("[implicit pointer] x.c:1: the result of g,"));
        Assert.That(outcome.Files, Is.Empty);
    }

    private async Task<DrivenBuild> RunAsync(string name, string command, string buildDepends = "make", string? archive = null)
    {
        var outcome = await RunAsync(await JobAsync(name, command, archive, buildDepends: buildDepends));
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
        return outcome;
    }
}

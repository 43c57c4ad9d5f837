using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Images;

/// <summary>
/// Images with Launchpad's arguments, in a chroot, which is what farms that send them know; <see cref="BranchTests"/> are of an overlay.
/// </summary>
[NonParallelizable]
[CancelAfter(600_000)]
public class LaunchpadTests() : LiveFsFixture(Chroot)
{
    [Test]
    public async Task An_image_is_made_with_Launchpads_arguments_and_right()
    {
        var arguments = (await RecipesAsync(Project)) with
        {
            Pocket = "proposed",
            DateStamp = "20240501-093000",
            Others = new XmlRpcStruct
            {
                ["subproject"] = "minimal",
                ["extra_ppas"] = new XmlRpcArray(["one/ppa", "two/ppa"]),
                ["cohort-key"] = "it's a key",
                ["debug"] = true,
            },
        };

        var outcome = await BuildAsync(arguments);

        Assert.That(outcome.Succeeded, outcome.Story);
        Assert.That(outcome.Files.Select(file => file.Name), Is.EquivalentTo(
            (
                string[])[$"livecd.{Project}.squashfs", $"livecd.{Project}.manifest", $"livecd.{Project}.size",
                $"livecd.{Project}.of-config", $"livecd.{Project}.of-build"]),
            "no link, pipe, folder or name with a line end");
        Assert.That(await File.ReadAllLinesAsync(Path.Combine(outcome.Folder!, $"livecd.{Project}.of-config")), Is.SupersetOf((string[])
            [$"ARCH={arguments.ArchTag}", "COHORT_KEY=it's a key", "EXTRA_PPAS=one/ppa two/ppa", "LANG=C.UTF-8", "NOW=20240501-093000",
                $"PROJECT={Project}", "PROPOSED=1",
             "SHELL=/bin/sh", "SOURCE_DATE_EPOCH=1714555800", "SUBPROJECT=minimal", $"SUITE={arguments.Series}"]));
        Assert.That(await File.ReadAllTextAsync(Path.Combine(outcome.Folder!, $"livecd.{Project}.of-build")),
            Does.Contain("COHORT_KEY=it's a key").And.Contain("SUBPROJECT=minimal").And.Not.Contain("NOW=").And.Not.Contain("EXTRA_PPAS=")
                .And.Not.Contain("SUITE="));
        await AssertImageAsync(outcome);
        AssertNothingIsLeft();
    }

    [Test]
    public async Task Without_livecd_rootfs_the_log_says_what_is_missing_and_what_to_do()
    {
        var outcome = await BuildAsync(await ArgumentsAsync());

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.PackageFail), outcome.Story);
        Assert.That(outcome.Log, Does.Contain("There is no package 'livecd-rootfs'").And.Contain("config_branch"));
        AssertNothingIsLeft();
    }
}

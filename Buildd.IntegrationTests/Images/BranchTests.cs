using Buildd.IntegrationTests.Support;
using Buildd.Master;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Images;

/// <summary>Images from a branch with a configuration of live-build, by Debian's own live-build. One after the other: each keeps the machine busy.</summary>
[NonParallelizable]
[CancelAfter(600_000)]
public class BranchTests : LiveFsFixture
{
    [Test]
    public async Task An_image_is_made_from_a_branch_and_right()
    {
        const string Hostile = "it's $(touch /evil); `id` \"quoted\" \\ & | * end";
        var commit = await GitRepository.CommitAsync(Folder["branches/board"], $"""
            mkdir -p boards/one/auto boards/one/config/includes.chroot/etc boards/one/config/hooks/normal
            cat > boards/one/auto/config <<'END'
            #!/bin/sh
            set -e
            {await LiveBuildConfiguration.ConfigAsync()}
            printf '%s' "$BOARD" > config/includes.chroot/etc/board
            END
            cat > boards/one/auto/build <<'END'
            #!/bin/sh
            set -e
            {LiveBuildConfiguration.Build}
            END
            chmod +x boards/one/auto/*
            ln -s /nowhere/at/all boards/one/config/includes.chroot/etc/link
            ln -s /usr/share/live/build/hooks/normal/1000-create-mtab-symlink.hook.chroot boards/one/config/hooks/normal/
            """);
        var arguments = (await ArgumentsAsync()) with
        {
            ConfigBranch = $"file://{Folder["branches/board"]}",
            ConfigRef = GitRepository.Tag,
            ConfigPath = "boards/one",
            LbOptions = ["--iso-volume", Hostile, "--chroot-squashfs-compression-level", "3"],
            Environment = new Dictionary<string, string> { ["BOARD"] = Hostile },
            DateStamp = "20240501.1",
        };

        var outcome = await BuildAsync(arguments);

        Assert.That(outcome.Succeeded, LogOf(outcome));
        Assert.Multiple(() =>
        {
            Assert.That(outcome.Files.Select(file => file.Name), Is.SupersetOf(
                (string[])[$"livecd.{Project}.squashfs", $"livecd.{Project}.manifest", $"livecd.{Project}.size", $"livecd.{Project}.packages"]));
            Assert.That(Events.OfType<PhaseEnded>().Select(phase => phase.Name), Is.EqualTo(
                (string[])["init", "unpack", "mount", "sources", "update", "install", "checkout", "livefs", "gather", "reap", "umount", "cleanup"]));
            Assert.That(LastMembers[WireNames.Members.RevisionId], Is.TypeOf<XmlRpcString>().With.Property("Value").EqualTo(commit));
            var progress = Events.OfType<ProgressMade>().ToList();
            Assert.That(progress.Select(made => made.Stage), Does.Contain("bootstrap_debootstrap").And.Contain("chroot_install-packages").Or.Contain("chroot_hooks"));
            Assert.That(progress.Select(made => made.Fraction), Is.Ordered.And.Some.EqualTo(1.0).And.Some.InRange(0.1, 0.9));
        });
        await AssertImageAsync(outcome);
        Assert.That(await UnsquashAsync(outcome, "etc/board"), Is.EqualTo(Hostile), "a variable arrives as it is");
        AssertNothingIsLeft();
    }

    [TestCase("ln -s /etc/passwd config/package-lists/x.list.chroot", "leads out of the configuration")]
    [TestCase("ln -s ../../../etc config/archives", "leads out of the configuration")]
    [TestCase("ln -s /usr/share/live/build/../../../../etc/shadow config/package-lists/x.list.chroot", "leads out of the configuration")]
    [TestCase("rm -r config; ln -s /etc config", "'config' in the branch is no folder")]
    [TestCase("rm -r config; echo > auto", "'auto' in the branch is no folder")]
    [TestCase("rm -r config; echo > readme", "neither auto/ nor config/")]
    public async Task A_branch_that_leads_out_of_itself_or_has_nothing_is_not_used(string spoil, string reason)
    {
        await GitRepository.CommitAsync(Folder["branches/evil"], $"mkdir -p config/package-lists; echo > config/package-lists/a; {spoil}");

        var outcome = await BuildAsync((await ArgumentsAsync()) with { ConfigBranch = $"file://{Folder["branches/evil"]}" });

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.PackageFail), LogOf(outcome));
        Assert.That(LogOf(outcome), Does.Contain(reason));
        AssertNothingIsLeft();
    }

    [Test]
    public async Task A_password_for_a_branch_is_not_in_the_log()
    {
        var outcome = await BuildAsync((await ArgumentsAsync()) with { ConfigBranch = $"http://farm:s3cretpass@{Server.Url.Authority}/no/such.git" });

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.PackageFail), LogOf(outcome));
        Assert.That(LogOf(outcome), Does.Contain($"git clone http://{Server.Url.Authority}/no/such.git").And.Not.Contain("s3cretpass"));
        Assert.That(Slave.Output, Does.Not.Contain("s3cretpass"));
        AssertNothingIsLeft();
    }

    [Test]
    public async Task A_build_aborted_while_it_bootstraps_is_ABORTED_and_leaves_nothing()
    {
        await GitRepository.CommitAsync(Folder["branches/board"], $"mkdir auto; printf '%s' '#!/bin/sh\n{(await LiveBuildConfiguration.ConfigAsync()).Replace("'", "'\\''", StringComparison.Ordinal)}' > auto/config; chmod +x auto/config");
        using var abort = new CancellationTokenSource();

        var outcome = await BuildAsync(
            (await ArgumentsAsync()) with { ConfigBranch = $"file://{Folder["branches/board"]}" },
            happened => happened is ProgressMade { Stage: "bootstrap_debootstrap", Fraction: > 0.1 } ? abort.CancelAsync() : Task.CompletedTask,
            abort.Token);

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.Aborted), LogOf(outcome));
        AssertNothingIsLeft();
    }
}

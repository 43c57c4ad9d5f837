using System.Text.RegularExpressions;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Master;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Images;

/// <summary>
/// Images from a branch with a configuration of live-build, by Debian's own live-build. One after the other: each keeps the machine busy.
/// </summary>
[NonParallelizable]
[CancelAfter(600_000)]
public class BranchTests : LiveFsFixture
{
    [Test]
    public async Task An_image_is_made_from_a_branch_and_right()
    {
        const string Hostile = "it's $(touch /evil); `id` \"quoted\" \\ & | * end";
        var commit = await GitRepository.CommitAsync(
            Folder["branches/board"], Scripts.Text(typeof(BranchTests), "Images/make-board.sh"),
            LiveBuildConfiguration.Config(Mirror), LiveBuildConfiguration.Build);
        var arguments = (await ArgumentsAsync()) with
        {
            ConfigBranch = $"file://{Folder["branches/board"]}",
            ConfigRef = GitRepository.Tag,
            ConfigPath = "boards/one",
            LbOptions =
                ["--iso-volume", Hostile, "--chroot-squashfs-compression-level", "3", .. await LiveBuildConfiguration.KernelOptionsAsync()],
            Environment = new Dictionary<string, string> { ["BOARD"] = Hostile },
            DateStamp = "20240501.1",
        };

        var outcome = await BuildAsync(arguments);

        Assert.That(outcome.Succeeded, outcome.Story);
        Assert.Multiple(() =>
        {
            Assert.That(outcome.Files.Select(file => file.Name), Is.SupersetOf(
                (
                    string[])[$"livecd.{Project}.squashfs", $"livecd.{Project}.manifest", $"livecd.{Project}.size",
                    $"livecd.{Project}.packages", $"livecd.{Project}.files", $"livecd.{Project}.kernel", $"livecd.{Project}.initrd"]));
            Assert.That(Driver.Phases, Is.EqualTo(
                (
                    string[])["init", "unpack", "mount", "sources", "update", "install", "checkout", "livefs", "gather", "reap", "umount",
                    "cleanup"]));
            Assert.That(Driver.LastMembers[WireNames.Members.RevisionId], Is.TypeOf<XmlRpcString>().With.Property("Value").EqualTo(commit));
            var progress = Driver.Events.OfType<BuildProgressed>().ToList();
            Assert.That(
                progress.Select(made => made.Stage), Does.Contain("bootstrap_debootstrap").And.Contain("chroot_install-packages")
                    .Or.Contain("chroot_hooks"));
            Assert.That(progress.Select(made => made.Fraction), Is.Ordered.And.Some.EqualTo(1.0).And.Some.InRange(0.1, 0.9));
        });
        await AssertImageAsync(outcome);
        await AssertBootableAsync(outcome);
        Assert.That(await UnsquashAsync(outcome, "etc/board"), Is.EqualTo(Hostile), "a variable arrives as it is");
        Assert.That(File.Exists("/evil"), Is.False, "nothing of it ran on this machine");
        AssertNothingIsLeft();
    }

    [Test]
    public async Task A_branch_that_leads_out_of_itself_is_not_used()
    {
        await GitRepository.CommitAsync(
            Folder["branches/evil"], "mkdir -p config/package-lists; ln -s /etc/passwd config/package-lists/x.list.chroot");

        var outcome = await BuildAsync((await SmallArgumentsAsync()) with { ConfigBranch = $"file://{Folder["branches/evil"]}" });

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.PackageFail), outcome.Story);
        Assert.That(outcome.Log, Does.Contain("leads out of the configuration"));
        AssertNothingIsLeft();
    }

    [Test]
    public async Task A_branch_that_leaves_nothing_but_a_tarball_has_its_packages_and_size_told_by_it()
    {
        await GitRepository.CommitAsync(Folder["branches/tar"], Scripts.Text(typeof(BranchTests), "Images/make-tar-branch.sh"));

        var outcome = await BuildAsync((await SmallArgumentsAsync()) with { ConfigBranch = $"file://{Folder["branches/tar"]}" });

        Assert.That(outcome.Succeeded, outcome.Story);
        Assert.That(
            outcome.Files.Select(file => file.Name),
            Is.EquivalentTo((string[])[$"livecd.{Project}.tar.gz", $"livecd.{Project}.manifest", $"livecd.{Project}.size"]));
        Assert.That(await File.ReadAllTextAsync(Path.Combine(outcome.Folder!, $"livecd.{Project}.manifest")), Is.EqualTo("one\t1.0\n"));
        Assert.That(
            int.Parse(
                await File.ReadAllTextAsync(Path.Combine(outcome.Folder!, $"livecd.{Project}.size")),
                System.Globalization.CultureInfo.InvariantCulture), Is.InRange(100_000, 101_000));
    }

    [Test]
    public async Task A_password_for_a_branch_is_not_in_the_log()
    {
        var outcome = await BuildAsync(
            (await SmallArgumentsAsync()) with { ConfigBranch = $"http://farm:s3cretpass@{Server.Url.Authority}/no/such.git" });

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.PackageFail), outcome.Story);
        Assert.That(outcome.Log, Does.Contain($"git clone http://{Server.Url.Authority}/no/such.git").And.Not.Contain("s3cretpass"));
        Assert.That(Slave.Output, Does.Not.Contain("s3cretpass"));
        AssertNothingIsLeft();
    }

    [Test]
    public async Task A_build_aborted_while_it_bootstraps_is_ABORTED_and_leaves_nothing()
    {
        await GitRepository.CommitAsync(
            Folder["branches/board"], "mkdir auto; printf '%s' "
                + $"'#!/bin/sh\n{LiveBuildConfiguration.Config(Mirror).Replace("'", "'\\''", StringComparison.Ordinal)}' > auto/config; "
                + "chmod +x auto/config");
        using var abort = new CancellationTokenSource();

        var outcome = await BuildAsync(
            (await ArgumentsAsync()) with { ConfigBranch = $"file://{Folder["branches/board"]}" },
            async happened =>
            {
                if (happened is BuildProgressed { Stage: "bootstrap_debootstrap", Fraction: > 0.1 })
                    await abort.CancelAsync();
            },
            abort.Token);

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.Aborted), outcome.Story);
        AssertNothingIsLeft();
    }

    /// <summary>There is something for the machine's loader to start, and in the root what that starts.</summary>
    private static async Task AssertBootableAsync(DrivenBuild outcome)
    {
        var image = Path.Combine(outcome.Folder!, $"livecd.{Project}.squashfs");
        var list = await ProcessRunner.CaptureAsync(Command.Of("unsquashfs", "-l", image));
        var kernel = Regex.Match(list, "/boot/(vmlinu[xz])-(.+)\n");
        Assert.That(kernel.Success, "no kernel in the root");
        var version = kernel.Groups[2].Value;
        Assert.That(list, Does.Contain($"/lib/modules/{version}/modules.dep\n").And.Match("/s?bin/init\n"));
        Assert.That(
            await UnsquashAsync(
                outcome, "var/lib/dpkg/status"), Does.Contain($"Package: linux-image-{version}\nStatus: install ok installed\n"));
        foreach (
            var (name, path) in (
                (string, string)[])[("kernel", $"boot/{kernel.Groups[1].Value}-{version}"), ("initrd", $"boot/initrd.img-{version}")])
        {
            var file = new FileInfo(Path.Combine(outcome.Folder!, $"livecd.{Project}.{name}"));
            Assert.That(file.Length, Is.GreaterThan(1024 * 1024), name);
            await ProcessRunner.CaptureAsync(
                Command.Of(
                    "bash", "-o", "pipefail", "-c", """unsquashfs -cat "$1" "$2" | cmp - "$3" """, "bash", image, path, file.FullName));
        }
    }
}

using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Master;
using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Builds;

/// <summary>
/// The whole path: the real daemon, real sbuild in a real chroot, driven by the master's library over a socket. One after
/// the other: a build keeps both of a small machine's processors busy.
/// </summary>
[NonParallelizable]
[CancelAfter(600_000)]
public class BinaryPackageTests : BinaryPackageFixture
{
    [Test]
    public async Task A_package_is_built_fetched_and_right()
    {
        var job = await JobAsync("fx-ok", "printf '#!/bin/sh\\necho built\\n' > out");

        var outcome = await RunAsync(job);

        Assert.Multiple(() =>
        {
            Assert.That(outcome.Succeeded, outcome.Story);
            Assert.That(outcome.Files.Select(file => file.Name), Is.EquivalentTo(
                (string[])[$"fx-ok_1.0_{Architecture}.changes", $"fx-ok_1.0_{Architecture}.buildinfo", $"fx-ok_1.0_{Architecture}.deb"]));
            Assert.That(outcome.Finished.IsSlaveClean);
            Assert.That(Driver.Phases, Is.EqualTo(
                (string[])["init", "unpack", "mount", "sources", "update", "sbuild", "gather", "reap", "umount", "cleanup"]));
            Assert.That(outcome.Log, Does.Contain("Status: successful"));
        });
        var contents = await ProcessRunner.CaptureAsync(
            Command.Of("dpkg-deb", "--contents", Path.Combine(outcome.Folder!, $"fx-ok_1.0_{Architecture}.deb")));
        Assert.That(contents, Does.Contain("./usr/bin/fx-ok"));
        var lengths = Driver.Events.OfType<BuildLogGrew>().Select(grew => grew.Length).ToList();
        Assert.That(lengths, Has.Count.GreaterThan(1).And.Ordered, "the log was followed");
        Assert.That((await Slave.Client.StatusAsync()).Status, Is.EqualTo(BuilderStatus.Idle));
        Assert.That(Directory.GetFiles(Path.Combine(Slave.Directory, "filecache")), Has.Length.EqualTo(3), "the inputs and nothing else");
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    [Test]
    public async Task A_package_that_does_not_compile_is_PACKAGEFAIL_and_its_log_is_fetched()
    {
        var job = await JobAsync("fx-broken", "gcc no-such-file.c -o out");

        var outcome = await RunAsync(job);

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.PackageFail), outcome.Story);
        Assert.That(outcome.Succeeded, Is.False);
        Assert.That(outcome.Files, Is.Empty);
        Assert.That(outcome.Log, Does.Contain("no-such-file.c: No such file or directory"));
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    [Test]
    public async Task Keys_that_the_master_sends_are_what_apt_trusts()
    {
        // apt is pointed at the very file that the key becomes: without it nothing could be verified.
        const string Keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
        Machine.Require(File.Exists(Keyring), "the package debian-archive-keyring");
        var archive = (await BuildEnvironment.ArchiveAsync())
            .Replace("deb ", "deb [signed-by=/etc/apt/trusted.gpg.d/launchpad-buildd.gpg] ", StringComparison.Ordinal);
        var job = await JobAsync("fx-keys", "echo built > out", archive, await File.ReadAllBytesAsync(Keyring));

        var outcome = await RunAsync(job);

        Assert.That(outcome.Succeeded, outcome.Story);
        Assert.That(Driver.Phases, Does.Contain("keys"));
    }

    [Test]
    public async Task A_build_aborted_in_the_middle_is_ABORTED_and_leaves_nothing()
    {
        // It ignores SIGTERM, and leaves something in a session of its own.
        var job = await JobAsync("fx-sleeps", "echo going to sleep; trap '' TERM; setsid sleep 1000 & sleep 1000");
        using var abort = new CancellationTokenSource();

        var outcome = await RunAsync(
            job,
            Driver.WhenLogHas("\ngoing to sleep\n", () =>
            {
                Assert.That(ProcessTable.RootedAt(Slave.Directory).Select(process => process.Name), Does.Contain("sleep"));
                return abort.CancelAsync();
            }),
            abort.Token);

        Assert.Multiple(() =>
        {
            Assert.That(outcome.Status, Is.EqualTo(BuildStatus.Aborted), outcome.Story);
            Assert.That(outcome.State, Is.EqualTo(BuildState.Cancelled));
            Assert.That(outcome.Finished.IsSlaveClean);
        });
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    [Test]
    public async Task A_slave_that_is_stopped_in_the_middle_leaves_nothing()
    {
        var job = await JobAsync("fx-stopped", "echo going to sleep; sleep 1000");
        var asleep = new TaskCompletionSource();
        var run = RunAsync(job, Driver.WhenLogHas("\ngoing to sleep\n", () => Task.FromResult(asleep.TrySetResult())));
        await Task.WhenAny(asleep.Task, run);

        await Slave.StopAsync();

        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
        Assert.That(Slave.Output, Does.Contain("is ended"));
        Assert.That((await run).State, Is.EqualTo(BuildState.NeedsBuild));
    }

    [Test]
    public async Task A_chroot_that_is_no_tarball_is_CHROOTFAIL()
    {
        var job = await JobAsync("fx-nochroot", "true");
        var junk = Folder["junk.tar.gz"];
        await File.WriteAllTextAsync(junk, "this is no tarball");

        var outcome = await RunAsync(job with { Chroot = await Server.AddAsync(junk) });

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.ChrootFail), outcome.Story);
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    [Test]
    public async Task Archives_that_can_not_be_reached_are_CHROOTFAIL_and_no_dependency_that_seems_missing()
    {
        var job = await JobAsync("fx-noarchive", "true", "deb [trusted=yes] http://127.0.0.1:9/debian stable main");

        var outcome = await RunAsync(job);

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.ChrootFail), outcome.Story);
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    [Test]
    public async Task A_chroot_with_links_out_of_it_touches_nothing_outside()
    {
        // /etc of the chroot leads to a folder of this machine, and so does what is mounted on.
        var outside = Directory.CreateDirectory(Folder["outside"]).FullName;
        await ProcessRunner.CaptureAsync(Command.Of("sh", "-c",
            $"cd {Folder.Path} && mkdir -p chroot-autobuild/dev/pts chroot-autobuild/dev/shm chroot-autobuild/sys chroot-autobuild/proc "
                + $"&& ln -s {outside} chroot-autobuild/etc && tar -czf evil.tar.gz chroot-autobuild && rmdir chroot-autobuild/proc && "
                + $"ln -s {outside} chroot-autobuild/proc && tar -czf evil2.tar.gz chroot-autobuild"));
        var job = await JobAsync("fx-evil", "true");

        foreach (var (i, tarball) in ((string[])["evil.tar.gz", "evil2.tar.gz"]).Index())
        {
            var cookie = job.Cookie with { Id = (10 * job.Cookie.Id) + i };
            var outcome = await RunAsync(job with { Cookie = cookie, Chroot = await Server.AddAsync(Folder[tarball]) });
            Assert.That(outcome.Status, Is.EqualTo(BuildStatus.ChrootFail), outcome.Story);
            Assert.That(Directory.GetFileSystemEntries(outside), Is.Empty);
            BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
        }
    }
}

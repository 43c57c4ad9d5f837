using Buildd.Master.Builds;
using Buildd.Master.Jobs.LiveFs;
using Buildd.Master.Uploads;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads;

/// <summary>Uploads of live filesystems.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class UploadLiveFsTests : UploadProcessorFixture
{
    private static NewBuild Image { get; } = new LiveFsSpecification
    {
        Project = "ubuntu-server",
        Series = "bookworm",
        ArchTag = "amd64",
        Requester = "Rita Requester <rita@example.org>",
    }.ToNewBuild();

    [Test]
    public async Task A_live_filesystem_s_files_are_those_in_any_subfolder()
    {
        var build = await UploadingAsync(Image);
        Directory.CreateDirectory(Path.Combine(Incoming(build), "1", "debian"));
        await File.WriteAllTextAsync(Path.Combine(Incoming(build), "buildlog"), "log");
        await File.WriteAllTextAsync(Path.Combine(Incoming(build), "1", "debian", "livecd.manifest"), "hello 2.10\n");
        await File.WriteAllTextAsync(Path.Combine(Incoming(build), "1", "debian", "livecd.squashfs"), "");

        var processed = (await _processor.RunAsync(new UploadRun())).Single();

        build = (await _builds.FindAsync(build.Id))!;
        Assert.That(processed.Outcome, Is.EqualTo(UploadOutcome.Accepted));
        Assert.That(build.State, Is.EqualTo(BuildState.FullyBuilt));
        Assert.That(
            build.Files.Select(file => (file.Name, file.Size)), Is.EqualTo(new[] { ("livecd.manifest", 11L), ("livecd.squashfs", 0L) }));
        Assert.That(Names("archive/debian/bookworm/LIVEFSBUILD-1"), Is.EquivalentTo(new[] { "livecd.manifest", "livecd.squashfs" }));
    }

    [Test]
    public async Task A_live_filesystem_without_files_fails_its_leaf_is_kept_and_its_requester_told()
    {
        var build = await UploadingAsync(Image);
        Directory.CreateDirectory(Incoming(build));
        await File.WriteAllTextAsync(Path.Combine(Incoming(build), "buildlog"), "log");

        var processed = (await _processor.RunAsync(new UploadRun())).Single();

        Assert.That(processed.Outcome, Is.EqualTo(UploadOutcome.Failed));
        Assert.That((await _builds.FindAsync(build.Id))!.State, Is.EqualTo(BuildState.FailedToUpload));
        Assert.That(Names("queue/failed"), Is.EqualTo(new[] { build.Leaf }));
        Assert.That(_mail.Sent.Select(mail => mail.To.Address), Is.EqualTo(new[] { "rita@example.org" }));
    }

    [Test]
    public async Task Two_files_of_one_name_and_links_are_rejected_in_a_live_filesystem()
    {
        var build = await UploadingAsync(Image);
        foreach (var folder in (string[])["a", "b"])
        {
            Directory.CreateDirectory(Path.Combine(Incoming(build), folder));
            await File.WriteAllTextAsync(Path.Combine(Incoming(build), folder, "livecd.iso"), folder);
        }

        File.CreateSymbolicLink(Path.Combine(Incoming(build), "a", "passwd"), "/etc/passwd");

        var processed = (await _processor.RunAsync(new UploadRun())).Single();

        Assert.That(
            processed.Findings.Select(one => one.Text),
            Is.EqualTo(new[] { "\"passwd\" is a link.", "\"livecd.iso\" is there more than once." }));
    }
}

using Buildd.Master.Builds;
using Buildd.Master.Jobs.LiveFs;
using Buildd.Master.Jobs.Packages;
using Buildd.Master.Results;
using Buildd.Master.Uploads;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DirectoryUploadSinkTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly InMemoryBuilds _builds = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task Good_packages_are_put_into_a_folder_of_their_build_and_the_leaf_is_gone()
    {
        var upload = await LandAsync();
        UploadLeaf.MakeGood(Path.Combine(upload.Folder, "1", "debian"));

        await SinkAsync(upload);

        Assert.That((await FindAsync(upload)).State, Is.EqualTo(BuildState.FullyBuilt));
        Assert.That(Names(_folder["out/PACKAGEBUILD-1"]), Is.EquivalentTo([
            UploadLeaf.DebName, UploadLeaf.BuildInfoName, UploadLeaf.ChangesName,
        ]));
        Assert.That(Directory.Exists(upload.Folder), Is.False);
    }

    [Test]
    public async Task Packages_that_a_check_rejects_stay_where_they_are_and_the_build_says_why()
    {
        var upload = await LandAsync();
        File.Delete(UploadLeaf.MakeGood(Path.Combine(upload.Folder, "1", "debian"))[UploadLeaf.DebName]);

        await SinkAsync(upload);

        var build = await FindAsync(upload);
        Assert.That(build.State, Is.EqualTo(BuildState.FailedToUpload));
        Assert.That(build.Reason, Is.EqualTo($"\"{UploadLeaf.DebName}\" is listed and isn't there."));
        Assert.That(Directory.Exists(upload.Folder));
        Assert.That(Directory.Exists(_folder["out"]), Is.False);
    }

    [Test]
    public async Task Packages_of_another_build_are_rejected()
    {
        var upload = await LandAsync((Hello with { Version = "2.10-4" }).ToNewBuild());
        UploadLeaf.MakeGood(Path.Combine(upload.Folder, "1", "debian"));

        await SinkAsync(upload);

        Assert.That((await FindAsync(upload)).Reason, Does.Contain("of the source's version \"2.10-3\", and the build was of 2.10-4."));
    }

    [Test]
    public async Task Packages_of_a_build_without_a_description_are_rejected()
    {
        var upload = await LandAsync(Hello.ToNewBuild() with { Specification = default });
        UploadLeaf.MakeGood(Path.Combine(upload.Folder, "1", "debian"));

        await SinkAsync(upload);

        Assert.That((await FindAsync(upload)).Reason, Does.StartWith("There is no description of the build"));
    }

    [Test]
    public async Task A_kind_that_nobody_knows_is_rejected()
    {
        var upload = await LandAsync(Hello.ToNewBuild() with { JobType = "SNAPBUILD" });
        UploadLeaf.MakeGood(Path.Combine(upload.Folder, "1", "debian"));

        await SinkAsync(upload);

        Assert.That((await FindAsync(upload)).Reason, Is.EqualTo("Nobody here knows what builds of the kind SNAPBUILD leave."));
    }

    [Test]
    public async Task Files_of_another_kind_of_build_need_no_changes()
    {
        var upload = await LandAsync(Image);
        await WriteAsync(upload, "livecd.img");

        await SinkAsync(upload);

        Assert.That((await FindAsync(upload)).State, Is.EqualTo(BuildState.FullyBuilt));
        Assert.That(Names(_folder["out/LIVEFSBUILD-1"]), Is.EqualTo(["livecd.img"]));
    }

    [Test]
    public async Task A_build_that_was_retried_meanwhile_is_left_alone()
    {
        var upload = await LandAsync(Image);
        await WriteAsync(upload, "livecd.img");
        await _builds.ChangeAsync(1, build => build.UploadFailed(null, "no").Retried(default));

        await SinkAsync(upload);

        Assert.That((await FindAsync(upload)).State, Is.EqualTo(BuildState.NeedsBuild));
    }

    private static IEnumerable<string?> Names(string folder) => Directory.GetFiles(folder).Select(Path.GetFileName);

    private static async Task WriteAsync(LandedUpload upload, string name)
    {
        Directory.CreateDirectory(Path.Combine(upload.Folder, "1", "debian"));
        await File.WriteAllTextAsync(Path.Combine(upload.Folder, "1", "debian", name), "a file");
    }

    private static PackageSpecification Hello =>
        new() { Source = "hello", Version = "2.10-3", Series = "bookworm", ArchTag = "amd64", Files = [], Binaries = ["hello"] };

    private static NewBuild Image => new LiveFsSpecification { Project = "server", Series = "bookworm", ArchTag = "amd64" }.ToNewBuild();

    private Task SinkAsync(LandedUpload upload) =>
        new DirectoryUploadSink(_builds, _folder["out"], [new PackageJobKind(), new LiveFsJobKind()]).LandedAsync(upload);

    private async Task<Build> FindAsync(LandedUpload upload) => (await _builds.FindAsync(upload.Build.Id))!;

    private async Task<LandedUpload> LandAsync(NewBuild? added = null)
    {
        var build = (await _builds.AddAsync([added ?? Hello.ToNewBuild()])).Single();
        var leaf = $"20260314-150926-{build.Cookie}";
        build = (await _builds.ChangeAsync(build.Id, now => now.Dispatched("bob", default).GatheringInto(leaf).HandedOver([], default)))!;
        return new LandedUpload(build, _folder[$"incoming/{leaf}"]);
    }
}

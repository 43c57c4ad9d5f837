using Buildd.IntegrationTests.Builds;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Master.Builds;
using Buildd.Master.Inputs;
using Buildd.Protocol;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Uploads;

/// <summary>The whole way of a package: built, uploaded, published, and installed from there.</summary>
[NonParallelizable]
[CancelAfter(900_000)]
public sealed class RepreproTests : BinaryPackageFixture
{
    [SetUp]
    public void RequireReprepro() =>
        Machine.Require(File.Exists("/usr/bin/reprepro"), "/usr/bin/reprepro: run 'make test', which installs it");

    [Test]
    public async Task Hello_is_built_uploaded_published_and_installed()
    {
        var (suite, architecture) = await BuildEnvironment.ReleaseAsync();
        var farm = new UploadFarm(Folder["farm"], "Archive: reprepro apt\n");
        Configure(farm["apt"], suite, architecture);
        await ProcessRunner.CaptureAsync(Command.Of(Repository.Program("buildd-farm"), "source", "hello", "--output", Folder["source"]));
        var dsc = Path.GetFileNameWithoutExtension(Directory.GetFiles(Folder["source"], "*.dsc").Single());
        var version = dsc[(dsc.IndexOf('_', StringComparison.Ordinal) + 1)..];
        var job = await JobAsync("fx-unused", "true", await BuildEnvironment.ArchiveAsync());
        var files = new List<InputFile>();
        foreach (var path in Directory.GetFiles(Folder["source"]))
            files.Add(await Server.AddAsync(path));

        var outcome = await RunAsync(job with { Cookie = new BuildCookie("PACKAGEBUILD", 1), Files = files });
        Assert.That(outcome.Succeeded, outcome.Story);
        var build = await farm.UploadingAsync(
            package => package with { Version = version, Series = suite, ArchTag = architecture }, leaf: outcome.Finished.Build.Leaf);
        Directory.Move(Path.Combine(Folder["results"], "incoming", build.Leaf!), farm.Incoming(build));
        var (exitCode, output) = await farm.RunAsync("process-upload");

        build = (await farm.Builds.FindAsync(build.Id))!;
        Assert.That(exitCode, Is.Zero, output);
        Assert.That(build.State, Is.EqualTo(BuildState.FullyBuilt), output);
        Assert.That(build.Files.Select(file => file.Name), Has.Some.EqualTo($"hello_{version}_{architecture}.deb"));
        Assert.That(await InstallAsync(farm["apt"], suite, "hello"), Does.Contain("Hello, world!").And.Contain($"installed: {version}"));
    }

    [Test]
    public async Task What_is_older_than_what_is_published_is_rejected_and_the_same_again_is_no_error()
    {
        var farm = new UploadFarm(Folder["farm"], "Archive: reprepro apt\n");
        Configure(farm["apt"]);
        UploadLeaf.MakeGood(farm.Incoming(await farm.UploadingAsync()));
        UploadLeaf.MakeGood(farm.Incoming(await farm.UploadingAsync(package => package with { Version = "2.10-2" })), "2.10-2");
        UploadLeaf.MakeGood(farm.Incoming(await farm.UploadingAsync()));

        var (_, output) = await farm.RunAsync("process-upload");

        Assert.That(output, Does.Contain("\"hello_2.10-2_amd64.deb\" is older than 2.10-3, which is published in bookworm."));
        Assert.That((await farm.Builds.ListAsync(new BuildFilter())).OrderBy(build => build.Id).Select(build => build.State), Is.EqualTo(
            new[] { BuildState.FullyBuilt, BuildState.FailedToUpload, BuildState.FullyBuilt }), output);
    }

    [Test]
    public async Task What_reprepro_refuses_fails_with_its_words()
    {
        var farm = new UploadFarm(Folder["farm"], "Archive: reprepro apt\n");
        Configure(farm["apt"], "trixie");
        var build = await farm.UploadingAsync();
        UploadLeaf.MakeGood(farm.Incoming(build));

        var (_, output) = await farm.RunAsync("process-upload");

        build = (await farm.Builds.FindAsync(build.Id))!;
        Assert.That(build.State, Is.EqualTo(BuildState.FailedToUpload), output);
        Assert.That(build.Reason, Does.StartWith("Processing broke: reprepro ended with exit code").And.Contain("bookworm"));
        Assert.That(Directory.Exists(Path.Combine(farm.Root, "failed", build.Leaf!)));
    }

    [Test]
    public async Task A_lock_that_a_killed_reprepro_of_ours_left_is_removed_and_the_indexes_are_written()
    {
        var farm = new UploadFarm(Folder["farm"], "Archive: reprepro apt\n");
        Configure(farm["apt"]);
        UploadLeaf.MakeGood(farm.Incoming(await farm.UploadingAsync()));
        await farm.RunAsync("process-upload");
        // As after a power failure in the middle: the lock is there, the indexes are not, and so is the note that it was we.
        await File.WriteAllTextAsync(farm["apt/db/lockfile"], "");
        await File.WriteAllTextAsync(farm["apt/.buildd"], "running\n");
        Directory.Delete(farm["apt/dists"], recursive: true);
        UploadLeaf.MakeGood(farm.Incoming(await farm.UploadingAsync()));

        var (_, output) = await farm.RunAsync("process-upload");

        Assert.That((await farm.Builds.FindAsync(2))!.State, Is.EqualTo(BuildState.FullyBuilt), output);
        Assert.That(File.Exists(farm["apt/db/lockfile"]), Is.False);
        Assert.That(await File.ReadAllTextAsync(farm["apt/dists/bookworm/main/binary-amd64/Packages"]), Does.Contain("Package: hello\n"));
    }

    [Test]
    public async Task Debug_symbols_in_ubuntu_s_form_are_kept_beside_the_packages_that_are_published()
    {
        var farm = new UploadFarm(Folder["farm"], "Archive: reprepro apt\nFiles: files\n");
        Configure(farm["apt"]);
        var build = await farm.UploadingAsync();
        var leaf = UploadLeaf.MakeGood(farm.Incoming(build));
        var control = DebFile.ControlOf("hello-dbgsym", "2.10-3", "amd64", "Source: hello\nSection: debug\n");
        leaf.AddDeb("hello-dbgsym_2.10-3_amd64.ddeb", control, "debug");
        leaf.WriteChanges();

        var (_, output) = await farm.RunAsync("process-upload");

        Assert.That((await farm.Builds.FindAsync(build.Id))!.State, Is.EqualTo(BuildState.FullyBuilt), output);
        Assert.That(
            await File.ReadAllTextAsync(farm["apt/dists/bookworm/main/binary-amd64/Packages"]),
            Does.Contain("Package: hello\n").And.Not.Contain("dbgsym"));
        Assert.That(
            Directory.GetFiles(farm[$"files/debian/bookworm/{build.Cookie}"]).Select(Path.GetFileName),
            Is.EqualTo(new[] { "hello-dbgsym_2.10-3_amd64.ddeb" }));
        Assert.That(Directory.Exists(farm["apt/.buildd-upload"]), Is.False);
    }

    [Test]
    public async Task A_folder_that_is_no_archive_is_named()
    {
        var farm = new UploadFarm(Folder["farm"], "Archive: reprepro apt\n");
        var build = await farm.UploadingAsync();
        UploadLeaf.MakeGood(farm.Incoming(build));

        await farm.RunAsync("process-upload");

        Assert.That(
            (await farm.Builds.FindAsync(build.Id))!.Reason, Does.Contain("is no archive of reprepro")
                .And.Contain("conf/distributions is not there"));
    }

    internal static void Configure(string folder, string suite = "bookworm", string architecture = "amd64")
    {
        Directory.CreateDirectory(Path.Combine(folder, "conf"));
        File.WriteAllText(
            Path.Combine(folder, "conf", "distributions"),
            $"Codename: {suite}\nComponents: main\nUDebComponents: main\nArchitectures: {architecture}\n");
    }

    /// <summary>Installs a package in a fresh chroot that knows no other archive, and runs it.</summary>
    private static async Task<string> InstallAsync(string archive, string suite, string package)
    {
        var chroot = Directory.CreateDirectory($"/var/tmp/buildd-test-{Guid.NewGuid():N}").FullName;
        try
        {
            await ProcessRunner.CaptureAsync(
                Command.Of("tar", "-xf", await BuildEnvironment.ChrootAsync(), "-C", chroot, "--strip-components=1"));
            await ProcessRunner.CaptureAsync(Command.Of("cp", "-a", archive, Path.Combine(chroot, "srv", "apt")));
            return await ProcessRunner.CaptureAsync(Command.Of("chroot", chroot, "sh", "-ec",
                $$"""
                export DEBIAN_FRONTEND=noninteractive
                rm -rf /etc/apt/sources.list.d
                echo 'deb [trusted=yes] file:/srv/apt {{suite}} main' > /etc/apt/sources.list
                apt-get -o APT::Sandbox::User=root update
                apt-get -o APT::Sandbox::User=root install -y --no-install-recommends {{package}}
                {{package}}
                dpkg-query -W -f 'installed: ${Version}\n' {{package}}
                """));
        }
        finally
        {
            await ProcessRunner.CaptureAsync(Command.Of("rm", "-rf", "--one-file-system", "--", chroot));
        }
    }
}

using Buildd.Linux.Processes;
using Buildd.Master.Builds;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using Buildd.Testing.Runs;
using Buildd.Testing.Servers;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Uploads;

/// <summary>A build that leaves a package of another source, in each kind of archive.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(120_000)]
public sealed class ForeignPackageTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task A_build_of_foo_can_not_publish_bash([Values] bool isReprepro, [Values] bool isNamed)
    {
        await using var server = new SmtpListener();
        var farm = Farm(isReprepro, $"Mail: smtp://127.0.0.1:{server.Port}\nMail-From: Buildd <buildd@example.org>\n");
        await UploadBashAsync(farm);
        var foo = await UploadFooAsync(farm, isNamed ? ["foo", "bash"] : ["foo"]);

        var (_, output) = await farm.RunAsync("process-upload");

        foo = (await farm.Builds.FindAsync(foo.Id))!;
        Assert.That((await farm.Builds.FindAsync(1))!.State, Is.EqualTo(BuildState.FullyBuilt), output);
        Assert.That(foo.State, Is.EqualTo(BuildState.FailedToUpload), output);
        var reason = isNamed
            ? "\"bash_99_amd64.deb\" is of the package bash, which the source \"bash\" has published in bookworm: foo may not replace it "
                + "unless the administrator allows it (Takeovers)."
            : "\"bash_99_amd64.deb\" is of the package \"bash\", which the .dsc of the source \"foo\" does not name (Binary, Package-List)"
                + ".";
        Assert.That(foo.Reason, Is.EqualTo(reason));
        Assert.That(
            server.Received.Single(mail => mail.To.Single().Contains("jane@", StringComparison.Ordinal)).Body, Does.Contain(reason));
        Assert.That(await VersionsAsync(farm, isReprepro), Is.EqualTo(new[] { "5.2" }));
    }

    [Test]
    public async Task A_package_that_moves_to_another_source_needs_a_word_of_the_administrator([Values] bool isReprepro)
    {
        var farm = Farm(isReprepro, "Takeovers:\n other foo\n ba?h foo\n");
        await UploadBashAsync(farm);
        var foo = await UploadFooAsync(farm, ["foo", "bash"]);

        var (_, output) = await farm.RunAsync("process-upload");

        Assert.That((await farm.Builds.FindAsync(foo.Id))!.State, Is.EqualTo(BuildState.FullyBuilt), output);
        Assert.That(await VersionsAsync(farm, isReprepro), Has.Member("99"));
    }

    [Test]
    public async Task A_suite_by_the_name_that_only_reprepro_knows_it_by_and_in_another_folder_is_looked_into()
    {
        var farm = Farm(isReprepro: true, "");
        await File.WriteAllTextAsync(
            farm["apt/conf/distributions"], "Codename: bookworm-x\nSuite: bookworm\nComponents: main\nArchitectures: amd64\n");
        await File.WriteAllTextAsync(farm["apt/conf/options"], "outdir +b/www\n");
        await UploadBashAsync(farm);
        var foo = await UploadFooAsync(farm, ["foo", "bash"]);

        var (_, output) = await farm.RunAsync("process-upload");

        Assert.That((await farm.Builds.FindAsync(1))!.State, Is.EqualTo(BuildState.FullyBuilt), output);
        Assert.That(File.Exists(farm["apt/www/dists/bookworm-x/main/binary-amd64/Packages"]), output);
        Assert.That((await farm.Builds.FindAsync(foo.Id))!.Reason, Does.Contain("has published in bookworm"), output);
    }

    [Test]
    public async Task Rebuilds_and_packages_for_all_architectures_of_the_source_itself_are_published([Values] bool isReprepro)
    {
        var farm = Farm(isReprepro, "");
        foreach (var (version, architecture) in ((string, string)[])[("5.2", "amd64"), ("5.2+b1", "amd64"), ("6.0", "all")])
        {
            var sourceVersion = version.Split('+')[0];
            var build = await farm.UploadingAsync(
                package => package with { Source = "shells", Version = sourceVersion, Binaries = ["bash", "shells-doc"] });
            var leaf = Leaf(farm.Incoming(build), "shells", version, version, architecture, $"shells ({sourceVersion})");
            leaf.Fields["Source"] = $"shells ({sourceVersion})";
            leaf.WriteChanges($"shells_{version}_amd64.changes");
        }

        var (_, output) = await farm.RunAsync("process-upload");

        Assert.That(
            (await farm.Builds.ListAsync(new BuildFilter())).Select(build => build.State), Is.All.EqualTo(BuildState.FullyBuilt), output);
    }

    private UploadFarm Farm(bool isReprepro, string more)
    {
        Machine.Require(
            !isReprepro || File.Exists("/usr/bin/reprepro"), "/usr/bin/reprepro: run 'make test', which installs it");
        var farm = new UploadFarm(_folder["farm"], (isReprepro ? "Archive: reprepro apt\n" : "") + more);
        if (isReprepro)
            RepreproTests.Configure(farm["apt"]);
        return farm;
    }

    private static async Task UploadBashAsync(UploadFarm farm)
    {
        var bash = await farm.UploadingAsync(package => package with { Source = "bash", Version = "5.2", Binaries = ["bash"] });
        Leaf(farm.Incoming(bash), "bash", "5.2", "5.2", "amd64", null).WriteChanges("bash_5.2_amd64.changes");
    }

    private static async Task<Build> UploadFooAsync(UploadFarm farm, IReadOnlyList<string> binaries)
    {
        var foo = await farm.UploadingAsync(package => package with { Source = "foo", Version = "1", Binaries = binaries });
        Leaf(farm.Incoming(foo), "foo", "1", "99", "amd64", "foo (1)").WriteChanges("foo_1_amd64.changes");
        return foo;
    }

    /// <summary>A leaf of a source with the package bash.</summary>
    private static UploadLeaf Leaf(string path, string source, string version, string debVersion, string architecture, string? field)
    {
        var leaf = UploadLeaf.Make(path);
        var more = field is null ? "" : $"Source: {field}\n";
        leaf.AddDeb(
            $"bash_{debVersion}_{architecture}.deb",
            DebFile.ControlOf("bash", debVersion, architecture, $"{more}Section: devel\nPriority: optional\n"));
        (leaf.Fields["Source"], leaf.Fields["Version"], leaf.Fields["Binary"]) = (source, version, "bash");
        leaf.Fields["Architecture"] = architecture;
        return leaf;
    }

    /// <summary>The versions of bash in the archive.</summary>
    private static async Task<IReadOnlyList<string>> VersionsAsync(UploadFarm farm, bool isReprepro)
    {
        if (!isReprepro)
            return [.. Directory.GetFiles(farm["archive"], "bash_*.deb", SearchOption.AllDirectories)
                .Select(path => Path.GetFileName(path).Split('_')[1]).Order(StringComparer.Ordinal)];
        var listed = await ProcessRunner.CaptureAsync(
            Command.Of("reprepro", "-b", farm["apt"], "--list-format", "${version}\n", "list", "bookworm", "bash"));
        return listed.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}

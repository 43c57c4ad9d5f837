using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Builds;

/// <summary>Recipes, with the real tool, real repositories over HTTP, and a real chroot.</summary>
[NonParallelizable]
[CancelAfter(600_000)]
[TestFixture("chroot")]
[TestFixture("overlay")]
public sealed class RecipeTests(string environment) : BinaryPackageFixture
{
    private const string Header = "# git-build-recipe format 0.4 deb-version {debversion}+1\n";

    private string _commit = "";

    [OneTimeSetUp]
    public static void RequireTools() => Machine.Require(File.Exists("/usr/bin/git-build-recipe"), "git-build-recipe");

    [Test]
    public async Task A_recipe_becomes_a_source_package_that_builds()
    {
        var url = await PackageAsync("fx-recipe", "make");
        await using var watch = new ProcessListWatch("hunter2secret", "git-build-recipe");
        var outcome = await RunAsync(Header + $"{Server.Close(url, "someone", "hunter2secret")} main\n");

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.Ok), outcome.Story);
        var names = outcome.Files.Select(file => file.Name).Order(StringComparer.Ordinal).ToList();
        var release = (await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", ". /etc/os-release; echo $VERSION_ID"))).Trim();
        var version = $"1.0+1~ubuntu{release}.1";
        Assert.That(
            names, Does.Contain($"fx-recipe_{version}_source.changes").And.Contain($"fx-recipe_{version}.dsc").And.Contain("manifest"));
        Assert.That(
            await File.ReadAllTextAsync(Path.Combine(outcome.Folder!, "manifest")), Does.Contain("git-build-recipe format")
                .And.Contain(_commit));
        Assert.That(outcome.Log, Does.Not.Contain("hunter2secret"), "the password is in no log");
        Assert.That(Slave.Output, Does.Not.Contain("hunter2secret"));
        var seen = await watch.StopAsync();
        Assert.That(seen, Has.Some.Contains("git-build-recipe").And.None.Contains("hunter2secret"), "the password is no word of a command");
        Assert.That(
            await File.ReadAllTextAsync(Path.Combine(outcome.Folder!, "manifest")), Does.Not.Contain("hunter2secret"));
        Assert.That(Driver.Phases, Is.SupersetOf((string[])["update", "buildrecipe", "gather", "reap"]).And.Not.Contain("sbuild"));

        var binary = await RunAsync(
            await JobAsync(names.Where(name => name.EndsWith(".dsc", StringComparison.Ordinal) || name.Contains(".tar.",
                StringComparison.Ordinal))
                .Select(name => Path.Combine(outcome.Folder!, name))));
        Assert.That(binary.Status, Is.EqualTo(BuildStatus.Ok), binary.Story);
        Assert.That(binary.Files.Select(file => file.Name), Has.Some.EqualTo($"fx-recipe_{version}_{Architecture}.deb"));
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    [Test]
    public async Task A_recipe_whose_build_dependency_is_missing_waits_for_it()
    {
        var url = await PackageAsync("fx-recipe-waits", "no-such-package-dev (>= 2.0)");
        var outcome = await RunAsync(Header + $"{url} main\n");

        Assert.That(
            (outcome.Status, outcome.Dependencies), Is.EqualTo((BuildStatus.DepFail, "no-such-package-dev (>= 2.0)")), outcome.Story);
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    [Test]
    public async Task A_hostile_recipe_runs_nothing_and_reads_nothing()
    {
        var url = await PackageAsync("fx-recipe-hostile", "make");
        var evil = Folder["evil"];
        var local = Folder["fx-recipe-hostile.git"];
        foreach (var recipe in (string[])[
            Header + $"{url} main\nrun touch {evil}\n",
            Header + $"ext::sh -c touch%20{evil} main\n",
            Header + $"file://{local} main\n",
            Header + $"{local} main\n",
            "no recipe at all\n",
            "",
        ])
        {
            var outcome = await RunAsync(recipe);
            Assert.That(outcome.Status, Is.EqualTo(BuildStatus.PackageFail), recipe + outcome.Story);
            Assert.That(File.Exists(evil), Is.False, recipe);
            Assert.That(outcome.Files, Is.Empty);
        }

        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    [Test]
    public async Task A_hostile_branch_gets_nothing_of_this_machine_out()
    {
        // What the package leaves where results are looked for: links out, and a list of files that names a path.
        var url = await PackageAsync(
            "fx-recipe-links", "make",
            "rm -f ../fx_source.changes; ln -s /etc/shadow ../fx_source.changes; ln -s /etc/hostname ../zz_source.changes; kill -9 $$PPID");
        var outcome = await RunAsync(Header + $"{url} main\n");

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.PackageFail), outcome.Story);
        Assert.That(outcome.Files, Is.Empty);
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    [Test]
    public async Task A_recipe_of_Bazaar_is_refused_where_no_tool_is()
    {
        Machine.Require(
            !Directory.Exists("/usr/lib/python3/dist-packages/breezy/plugins/builder")
                && !File.Exists("/usr/bin/brz-build-daily-recipe"), "no tool for recipes of Bazaar");
        Assert.That((await Slave.Client.InfoAsync()).BuilderTags, Does.Contain("sourcepackagerecipe"), "those of git are built");
        Assert.That(Slave.Output, Does.Contain("recipes of Bazaar can't be built"), "at start");

        var outcome = await RunAsync("# bzr-builder format 0.4 deb-version 1.0\nlp:x\n", git: false);

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.BuilderFail), outcome.Story);
        Assert.That(outcome.Log, Does.Contain("there is neither brz-build-daily-recipe nor bzr with dailydeb on this machine"));
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    private protected override Task<SlaveDaemon> StartSlaveAsync() => SlaveDaemon.StartWithAsync($"environment = {environment}\n");

    /// <summary>A repository with a small package in it.</summary>
    private async Task<string> PackageAsync(string name, string buildDepends, string? whenCleaned = null)
    {
        await SourcePackage.MakeAsync(Folder.Path, name, "echo built > out", buildDepends);
        var tree = Folder[$"{name}-1.0"];
        if (whenCleaned is not null)
        {
            var rules = Path.Combine(tree, "debian", "rules");
            await File.WriteAllTextAsync(
                rules, (await File.ReadAllTextAsync(rules)).Replace("clean:\n", $"clean:\n\t{whenCleaned}\n", StringComparison.Ordinal));
        }

        var repository = Folder[name];
        Directory.Move(tree, repository);
        (var url, _commit) = await GitRepository.ServeAsync(Server, repository);
        return url;
    }

    private async Task<DrivenBuild> RunAsync(string recipe, bool git = true) => await RunAsync(
        await JobAsync("sourcepackagerecipe", new XmlRpcStruct
        {
            ["suite"] = (await BuildEnvironment.ReleaseAsync()).Suite,
            ["ogrecomponent"] = "main",
            ["archive_purpose"] = "PPA",
            ["author_name"] = "Jane Doe",
            ["author_email"] = "jane@example.org",
            ["recipe_text"] = recipe,
            ["git"] = git,
        }));
}

using Buildd.IntegrationTests.Builds;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Environments;

/// <summary>
/// What kinds of build beside packages do without the network; for packages it is <see cref="EnvironmentContract"/> that asks.
/// </summary>
[NonParallelizable]
[CancelAfter(600_000)]
public sealed class NetworkTests : BinaryPackageFixture
{
    private const string ServeScript =
        """
        set -e
        cd "$1"
        git init -q -b main
        git add -A -f
        git -c user.name=Test -c user.email=test@example.org commit -q -m 'All of it'
        git clone -q --bare . "$1.git"
        cd "$1.git"
        git update-server-info
        """;

    private protected override Task<SlaveDaemon> StartSlaveAsync() => SlaveDaemon.StartWithAsync("network = no");

    [Test]
    public async Task A_recipe_s_branches_are_fetched_and_what_they_hold_runs_without_the_network()
    {
        Machine.Require(File.Exists("/usr/bin/git-build-recipe"), "git-build-recipe: run 'make test', which installs it");
        await SourcePackage.MakeAsync(Folder.Path, "fx-offline", "echo built > out");
        var rules = Folder["fx-offline-1.0/debian/rules"];
        await File.WriteAllTextAsync(rules, (await File.ReadAllTextAsync(rules)).Replace(
            "clean:\n", "clean:\n\t@echo faces: $$(tail -n +3 /proc/self/net/dev | cut -d: -f1)\n", StringComparison.Ordinal));

        var outcome = await RunAsync(
            await JobAsync("sourcepackagerecipe", new XmlRpcStruct
            {
                ["suite"] = (await BuildEnvironment.ReleaseAsync()).Suite,
                ["ogrecomponent"] = "main",
                ["archive_purpose"] = "PPA",
                ["author_name"] = "Jane Doe",
                ["author_email"] = "jane@example.org",
                ["recipe_text"] =
                    $"# git-build-recipe format 0.4 deb-version {{debversion}}+1\n{await ServeAsync("fx-offline-1.0")} main\n",
                ["git"] = true,
            }));

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.Ok), outcome.Story);
        Assert.That(
            outcome.Log, Does.Match("(?m)^faces: lo$").And.Contain("(without a network)").And.Contain("No network for what is built"));
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    [Test]
    public async Task Templates_are_made_without_the_network_of_a_branch_that_is_fetched_with_it()
    {
        foreach (
            var (
                path, text) in new[] { ("configure.ac", "AC_INIT([my-app], [1.0])\nGETTEXT_PACKAGE=AC_PACKAGE_NAME\n"),
                ("src/main.c", "int main(void) { puts(_(\"Hello\")); }\n"), ("po/POTFILES.in", "src/main.c\n") })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Folder["tree/" + path])!);
            await File.WriteAllTextAsync(Folder["tree/" + path], text);
        }

        var outcome =
            await RunAsync(await JobAsync("translation-templates", new XmlRpcStruct { ["git_repository"] = await ServeAsync("tree") }));

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.Ok), outcome.Story);
        Assert.That(outcome.Files.Select(file => file.Name), Is.EqualTo(new[] { "translation-templates.tar.gz" }));
        Assert.That(outcome.Log, Does.Match("RUN: .*intltool-update -p -g my-app [(]without a network[)]"));
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    [Test]
    public async Task An_image_is_refused_before_anything_is_made()
    {
        var outcome = await RunAsync(await JobAsync("livefs", new XmlRpcStruct { ["project"] = "fx", ["image_tool"] = "mmdebstrap" }));

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.BuilderFail), outcome.Story);
        Assert.That(outcome.Log, Does.Contain("this kind of build needs it until its end: set network = yes").And.Not.Contain("RUN: "));
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    private async Task<string> ServeAsync(string folder)
    {
        await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", ServeScript, "sh", Folder[folder]));
        return Server.AddFolder($"{folder}.git", Folder[folder + ".git"]);
    }
}

using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Builds;

/// <summary>Translation templates, of real repositories over HTTP, with the real tools in a real chroot.</summary>
[NonParallelizable]
[CancelAfter(600_000)]
[TestFixture("chroot")]
[TestFixture("overlay")]
public sealed class TranslationTemplatesTests(string environment) : BinaryPackageFixture
{
    private string _commit = "";

    [Test]
    public async Task Two_domains_of_one_tree_become_two_templates()
    {
        await WriteAsync("tree/configure.ac", "AC_INIT([my-app], [1.0])\nGETTEXT_PACKAGE=AC_PACKAGE_NAME\n");
        await WriteAsync("tree/src/main.c", "int main(void) { puts(_(\"Hello, builder\")); }\n");
        await WriteAsync("tree/po/POTFILES.in", "src/main.c\n");
        await WriteAsync("tree/lib/src/lib.c", "char *f(void) { return _(\"From the library\"); }\n");
        await WriteAsync("tree/lib/po/POTFILES.in", "src/lib.c\n");
        await WriteAsync("tree/lib/po/Makevars", "DOMAIN = my-lib\n");
        await WriteAsync("tree/broken/po/POTFILES.in", "src/not-there.c\n");

        var outcome = await RunAsync("tree");

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.Ok), outcome.Story);
        Assert.That(outcome.Files.Select(file => file.Name), Is.EqualTo(new[] { "translation-templates.tar.gz" }));
        Assert.That(Driver.LastMembers[WireNames.Members.RevisionId], Is.TypeOf<XmlRpcString>().With.Property("Value").EqualTo(_commit));
        Assert.That(Driver.Phases, Is.SupersetOf((string[])["update", "generate", "gather", "reap"]).And.Not.Contain("sbuild"));
        var archive = Path.Combine(outcome.Folder!, "translation-templates.tar.gz");
        var names = await ProcessRunner.CaptureAsync(Command.Of("tar", "-tzf", archive));
        Assert.That(names, Is.EqualTo("lib/po/my-lib.pot\npo/my-app.pot\n"), outcome.Story);
        Assert.That(
            await ProcessRunner.CaptureAsync(
                Command.Of("tar", "-xzOf", archive, "po/my-app.pot")), Does.Contain("msgid \"Hello, builder\""));
        Assert.That(
            await ProcessRunner.CaptureAsync(
                Command.Of("tar", "-xzOf", archive, "lib/po/my-lib.pot")), Does.Contain("msgid \"From the library\""));
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    [Test]
    public async Task A_tree_with_nothing_to_translate_is_all_right()
    {
        await WriteAsync("plain/README", "Nothing to translate.\n");

        var outcome = await RunAsync("plain");

        Assert.That((outcome.Status, outcome.Files.Count), Is.EqualTo((BuildStatus.Ok, 0)), outcome.Story);
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    [Test]
    public async Task A_hostile_branch_gets_nothing_of_this_machine_out()
    {
        await WriteAsync("hostile/configure.ac", "GETTEXT_PACKAGE=../../../tmp/evil\n");
        await WriteAsync("hostile/src/main.c", "_(\"Hello\")\n");
        await WriteAsync("hostile/po/POTFILES.in", "src/main.c\n");
        File.CreateSymbolicLink(Folder["hostile/po/messages.pot"], "/etc/shadow");
        Directory.CreateDirectory(Folder["hostile/evil\n;touch evil"]);
        await WriteAsync("hostile/evil\n;touch evil/POTFILES.in", "../src/main.c\n");
        Directory.CreateDirectory(Folder["hostile/linked"]);
        File.CreateSymbolicLink(Folder["hostile/linked/POTFILES.in"], "/etc/passwd");

        var outcome = await RunAsync("hostile");

        // Whatever the tools make of it: nothing of the system's own files is in what comes out, and the slave goes on.
        Assert.That(outcome.Status, Is.AnyOf(BuildStatus.Ok, BuildStatus.PackageFail), outcome.Story);
        foreach (var file in outcome.Files)
            Assert.That(
                await ProcessRunner.CaptureAsync(
                    Command.Of("tar", "-xzOf", Path.Combine(outcome.Folder!, file.Name))), Does.Not.Contain("root:"));
        Assert.That(outcome.Log, Does.Not.Contain("root:"));
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    [Test]
    public async Task A_repository_that_is_not_there_is_PACKAGEFAIL()
    {
        await WriteAsync("gone/README", "x\n");
        var outcome = await RunAsync("gone", address => address + "-not");

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.PackageFail), outcome.Story);
        Assert.That(outcome.Files, Is.Empty);
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    [Test]
    public async Task A_password_opens_the_repository_and_is_in_no_list_of_processes()
    {
        const string Password = "hunter2/secret";
        await WriteAsync("closed/src/main.c", "_(\"Hello\")\n");
        await WriteAsync("closed/po/POTFILES.in", "src/main.c\n");
        await WriteAsync("closed/po/Makevars", "DOMAIN = closed\n");
        await using var watch = new ProcessListWatch("hunter2", "git clone");

        var outcome = await RunAsync("closed", address => Server.Close(address, "user", Password));

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.Ok), outcome.Story);
        Assert.That(outcome.Files, Has.Count.EqualTo(1), outcome.Story);
        Assert.That(outcome.Log, Does.Not.Contain("hunter2"));
        var seen = await watch.StopAsync();
        Assert.That(seen, Has.Some.Contains("git clone"), "the watch has seen the command");
        Assert.That(seen, Has.None.Contains("hunter2"));
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    private protected override Task<SlaveDaemon> StartSlaveAsync() => SlaveDaemon.StartWithAsync($"environment = {environment}\n");

    private async Task WriteAsync(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Folder[path])!);
        await File.WriteAllTextAsync(Folder[path], text);
    }

    private async Task<DrivenBuild> RunAsync(string folder, Func<string, string>? change = null)
    {
        (var address, _commit) = await GitRepository.ServeAsync(Server, Folder[folder]);
        return await RunAsync(
            await JobAsync("translation-templates", new XmlRpcStruct { ["git_repository"] = change?.Invoke(address) ?? address }));
    }
}

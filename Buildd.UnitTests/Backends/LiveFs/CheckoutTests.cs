using Buildd.Backends.LiveFs.LiveBuild;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.LiveFs;

/// <summary>What is taken from a branch that was fetched. The script runs on this machine, in a folder of its own.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class CheckoutTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    [TestCase("", "ln -s /etc/passwd config/package-lists/x.list.chroot", "leads out of the configuration, to /etc/passwd")]
    [TestCase("", "ln -s ../../../etc config/archives", "leads out of the configuration, to ../../../etc")]
    [TestCase("", "ln -s ../../readme config/package-lists/x.list.chroot", "leads out of the configuration")]
    [TestCase("", "ln -s inner config/outer; ln -s / config/inner", "leads out of the configuration, to ")]
    [TestCase(
        "", "ln -s /usr/share/live/build/../../../../etc/shadow config/package-lists/x.list.chroot", "leads out of the configuration")]
    [TestCase("", "mkdir -p config/x/includes.chroot; ln -s /etc config/x/includes.chroot/etc", "leads out of the configuration")]
    [TestCase("", "ln -s \"/x$(printf '\\n\\033')y\" config/x", "leads out of the configuration, to /xy: it")]
    [TestCase("", "rm -r config; ln -s /etc config", "'config' in the branch is no folder")]
    [TestCase("", "rm -r config; echo > auto", "'auto' in the branch is no folder")]
    [TestCase("", "rm -r config", "neither auto/ nor config/")]
    [TestCase("boards/one", "mkdir -p boards/one", "neither auto/ nor config/ in 'boards/one'")]
    [TestCase("boards/two", "mkdir boards", "the branch has no folder 'boards/two', or a link leads to it")]
    [TestCase("boards/one", "mkdir boards; ln -s /etc boards/one", "or a link leads to it")]
    [TestCase("boards/one", "mkdir -p other/one; ln -s other boards", "or a link leads to it")]
    public async Task A_branch_that_leads_out_of_itself_or_has_nothing_is_not_used(string path, string spoil, string reason)
    {
        var (code, said) = await AdoptAsync(path, spoil);

        Assert.That(code, Is.EqualTo(1));
        Assert.That(said, Does.Contain(reason).And.Not.Contain("\u001b"));
        Assert.That(Directory.GetFileSystemEntries(_folder["build"]), Is.EqualTo(new[] { _folder["build/config"] }), "what was there");
        Assert.That(File.Exists(_folder["build/config/old"]));
    }

    [Test]
    public async Task Of_a_branch_its_configuration_is_taken_and_nothing_else()
    {
        var (code, said) = await AdoptAsync("boards/one", """
            mkdir -p boards/one/auto boards/one/config/includes.chroot/etc boards/one/config/hooks/normal
            echo > boards/one/auto/config; echo > boards/one/readme
            ln -s /nowhere/at/all boards/one/config/includes.chroot/etc/link
            ln -s /usr/share/live/build/hooks/normal/1000-create-mtab-symlink.hook.chroot boards/one/config/hooks/normal/a
            ln -s ../../auto/config boards/one/config/hooks/normal/b
            """);

        Assert.That(code, Is.Zero, said);
        Assert.That(
            Directory.GetFileSystemEntries(_folder["build"], "*", SearchOption.AllDirectories).Where(path => !Directory.Exists(path))
                .Select(path => Path.GetRelativePath(_folder["build"], path)),
            Is.EquivalentTo(new[] { "auto/config", "config/includes.chroot/etc/link", "config/hooks/normal/a", "config/hooks/normal/b" }));
        Assert.That(new FileInfo(_folder["build/config/includes.chroot/etc/link"]).LinkTarget, Is.EqualTo("/nowhere/at/all"));
        Assert.That(Directory.Exists(_folder["work"]), Is.False);
    }

    private async Task<(int Code, string Said)> AdoptAsync(string path, string make)
    {
        await ProcessRunner.CaptureAsync(Command.Of("/bin/sh", "-ec",
            "mkdir -p build/config work/tree/config/package-lists; echo > build/config/old; cd work/tree; echo > readme; echo > "
                + $"config/package-lists/a\n{make}") with
        {
            WorkingDirectory = _folder.Path,
        });
        var said = "";
        var result = await ProcessRunner.RunAsync(
            Command.Of("/bin/sh", "-c", Checkout.AdoptScript, "sh", _folder.Path, path, _folder["build"]), bytes =>
                said += System.Text.Encoding.UTF8.GetString(bytes));
        return (result.ExitCode, said);
    }
}

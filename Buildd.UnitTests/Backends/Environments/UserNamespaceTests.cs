using Buildd.Backends.Environments;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Environments;

/// <summary>The mark that says whose a build's system is, in a folder that became the build's.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(30_000)]
public sealed class UserNamespaceTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private string Mark => _folder[".namespaces-of"];

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task A_mark_is_read_that_nobody_else_has_put_there()
    {
        Assert.That(UserNamespace.FindMark(_folder.Path), Is.Null);
        await File.WriteAllTextAsync(Mark, "builder");

        Assert.That(UserNamespace.FindMark(_folder.Path), Is.EqualTo("builder"));
    }

    [TestCase("mkfifo .namespaces-of")]
    [TestCase("ln -s /etc/hostname .namespaces-of")]
    [TestCase("mkdir .namespaces-of")]
    [TestCase("truncate -s 1M .namespaces-of")]
    public async Task What_stands_in_its_place_is_neither_waited_for_nor_believed(string command)
    {
        await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", command) with { WorkingDirectory = _folder.Path });

        Assert.That(UserNamespace.FindMark(_folder.Path), Is.Empty);
    }

    [Test]
    public async Task A_mark_of_the_builds_own_is_not_believed()
    {
        Machine.Require(CurrentUser.IsRoot, "root");
        await File.WriteAllTextAsync(Mark, "root");
        await ProcessRunner.CaptureAsync(Command.Of("chown", "12345", Mark));

        Assert.That(UserNamespace.FindMark(_folder.Path), Is.Empty);
    }
}

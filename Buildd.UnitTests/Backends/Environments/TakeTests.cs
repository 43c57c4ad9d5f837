using Buildd.Backends.Steps;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Testing.Files;
using Buildd.UnitTests.Backends.DebianBuilds;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Environments;

/// <summary>How a file leaves a system whose files this machine's programs don't reach: by the programs inside.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class TakeTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task A_file_is_copied_byte_for_byte_whatever_its_name()
    {
        var content = new byte[3_000_000];
        Random.Shared.NextBytes(content);
        var path = Path.Combine(Directory.CreateDirectory(_folder["system/-n $(id)"]).FullName, "-if=x 'y'");
        await File.WriteAllBytesAsync(path, content);

        var taken = await Make().TakeAsync(path, default);

        Assert.That(await File.ReadAllBytesAsync(taken), Is.EqualTo(content));
    }

    [TestCase("ln -s /etc/passwd name", "folder/name")]
    [TestCase("mkfifo name", "folder/name")]
    [TestCase("mkdir name", "folder/name")]
    [TestCase("true", "folder/name")]
    [TestCase("true", "nowhere/name")]
    [TestCase("echo > name; ln -s folder ../link", "link/name")]
    public async Task What_is_no_ordinary_file_or_lies_behind_a_link_stays(string command, string path)
    {
        await ProcessRunner.CaptureAsync(
            Command.Of("sh", "-ec", command) with { WorkingDirectory = Directory.CreateDirectory(_folder["folder"]).FullName });

        Assert.That(
            async () => await Make().TakeAsync(_folder[path], default),
            Throws.TypeOf<PhaseFailedException>().With.Message.Contains("lies behind a link").And.Property("Status")
                .EqualTo(BuildStatus.PackageFail));
        Assert.That(Directory.GetFileSystemEntries(_folder["build"]), Is.Empty);
    }

    private ScriptedSystem Make() => new() { Folder = Directory.CreateDirectory(_folder["build"]).FullName };
}

using Buildd.Backends.BinaryPackage;
using Buildd.Backends.Steps;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using NSubstitute;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.BinaryPackage;

/// <summary>What is taken over of what a package left, which may be anything.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(30_000)]
public sealed class PackageResultsTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly IBuildContext _context = Substitute.For<IBuildContext>();
    private readonly List<string> _taken = [];

    public PackageResultsTests()
    {
        Directory.CreateDirectory(_folder["cache"]);
        _context.Directory.Returns(_folder["build"]);
        _context.AddResultAsync("", null, default).ReturnsForAnyArgs(call =>
        {
            var (path, name) = (call.ArgAt<string>(0), call.ArgAt<string>(1));
            if (!File.Exists(path))
                throw new FileNotFoundException($"there is no '{path}'");
            _taken.Add(name);
            File.Move(path, _folder[$"cache/{name}"]);
            File.WriteAllText(path, "what a process of the package wrote there since");
            return _folder[$"cache/{name}"];
        });
    }

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task What_was_taken_over_is_what_is_read()
    {
        var leaf = UploadLeaf.MakeGood(_folder["build"]);

        await PackageResults.GatherAsync(_context, UploadLeaf.ChangesName, null, null, default);

        Assert.That(_taken[0], Is.EqualTo(UploadLeaf.ChangesName));
        Assert.That(_taken, Has.Count.EqualTo(Directory.GetFiles(leaf.Path).Length));
    }

    [TestCase("mkfifo x.changes", "sbuild left no x.changes")]
    [TestCase("ln -s /etc/passwd x.changes", "sbuild left no x.changes")]
    [TestCase("mkdir x.changes", "sbuild left no x.changes")]
    [TestCase("true", "sbuild left no x.changes")]
    [TestCase(
        "truncate -s 17M x.changes", "Failed to gather results: x.changes can't be read: it has 17825792 bytes; 16777216 are the most")]
    [TestCase("echo rubbish > x.changes", "Failed to gather results: x.changes")]
    public async Task A_changes_that_is_none_fails_the_package_at_once(string command, string reason)
    {
        Directory.CreateDirectory(_folder["build"]);
        await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", command) with { WorkingDirectory = _folder["build"] });

        var failure = await Assert.ThrowsAsync<PhaseFailedException>(
            () => PackageResults.GatherAsync(_context, "x.changes", null, null, default));

        Assert.That(
            (failure!.Status, failure.Message.StartsWith(reason, StringComparison.Ordinal)), Is.EqualTo((BuildStatus.PackageFail, true)),
            failure.Message);
    }

    [TestCase("mkfifo")]
    [TestCase("mkdir")]
    public async Task What_is_no_file_is_not_summed_up(string program)
    {
        await ProcessRunner.CaptureAsync(Command.Of(program, _folder["left"]));

        Assert.That(
            () => FileDigests.ReadAsync("left", _folder["left"], default),
            Throws.InstanceOf<IOException>().With.Message.EqualTo("'left' is no ordinary file"));
    }
}

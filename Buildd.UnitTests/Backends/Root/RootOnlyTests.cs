using Buildd.Backends.Root;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Root;

/// <summary>Which files nobody but root can have a say in.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RootOnlyTests : IDisposable
{
    /// <summary>Not below /tmp, where everybody can write.</summary>
    private readonly TemporaryDirectory _folder;
    private readonly string _file;

    public RootOnlyTests()
    {
        Machine.Require(CurrentUser.IsRoot, "root");
        _folder = new TemporaryDirectory("/var/lib");
        Directory.CreateDirectory(_folder["below"]);
        _file = _folder["below/file"];
        File.WriteAllText(_file, "");
    }

    public void Dispose() => _folder?.Dispose();

    [Test]
    public void A_file_of_root_in_folders_of_root_is_good() => Assert.That(RootOnly.FindMistake(_file), Is.Null);

    [TestCase("below/file", "12345", "0644", "belongs to user 12345")]
    [TestCase("below", "12345", "0755", "belongs to user 12345")]
    [TestCase("", "12345", "0755", "belongs to user 12345")]
    [TestCase("below/file", "0:12345", "0664", "written to by others")]
    [TestCase("below/file", "0", "0646", "written to by others")]
    [TestCase("below", "0", "0775", "written to by others")]
    [TestCase("", "0", "01777", "written to by others")]
    public async Task What_somebody_else_can_change_is_told(string part, string owner, string mode, string mistake)
    {
        var path = _folder[part].TrimEnd('/');
        await ProcessRunner.CaptureAsync(Command.Of("chown", owner, path));
        await ProcessRunner.CaptureAsync(Command.Of("chmod", mode, path));

        Assert.That(RootOnly.FindMistake(_file), Does.Contain($"'{path}'").And.Contain(mistake));
    }

    [Test]
    public void Links_are_not_followed()
    {
        File.CreateSymbolicLink(_folder["link"], _file);
        Directory.CreateSymbolicLink(_folder["way"], _folder["below"]);

        Assert.That(RootOnly.FindMistake(_folder["link"]), Does.Contain("symbolic link"));
        Assert.That(RootOnly.FindMistake(_folder["way/file"]), Does.Contain("symbolic link"));
    }

    [Test]
    public void What_is_no_file_is_told()
    {
        Assert.That(RootOnly.FindMistake(_folder["none"]), Does.Contain("is not there"));
        Assert.That(RootOnly.FindMistake(_folder["below"]), Does.Contain("is no file"));
        Assert.That(RootOnly.FindMistake("below/file"), Does.Contain("is no full path"));
        Assert.That(RootOnly.FindMistake("/etc/passwd/file"), Does.Contain("is no folder"));
    }
}

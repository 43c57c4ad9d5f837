using Buildd.Farm;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm;

/// <summary>A folder for root's work below one that everybody may write to.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class WorkFolderTests
{
    [Test]
    public async Task It_is_made_anew_under_a_name_that_nobody_can_foresee()
    {
        using var parent = new TemporaryDirectory();
        Directory.CreateSymbolicLink(parent[$"buildd-{Environment.ProcessId}"], parent.Path);

        string path;
        await using (var one = await WorkFolder.CreateAsync(parent.Path, default))
        await using (var other = await WorkFolder.CreateAsync(parent["made/too"], default))
        {
            path = one.Path;
            Assert.That(Path.GetFileName(path), Does.Match("^buildd-[A-Za-z0-9]{12}$"));
            Assert.That(Path.GetFileName(other.Path), Is.Not.EqualTo(Path.GetFileName(path)));
            Assert.That(
                File.GetUnixFileMode(path),
                Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute
                    | UnixFileMode.OtherExecute));
            await File.WriteAllTextAsync(Path.Combine(path, "file"), "");
        }

        Assert.That(path, Does.Not.Exist);
    }
}

using Buildd.Farm;
using Buildd.Linux.Files;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class StateFilesTests : IDisposable
{
    private const uint Nobody = 65534;

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void What_root_makes_in_another_account_s_folder_is_that_account_s()
    {
        Machine.Require(CurrentUser.IsRoot, "root, to have files of other accounts");
        UnixFile.Give(Directory.CreateDirectory(_folder["state"]).FullName, Nobody);

        StateFiles.MakeFolder(_folder["state/inputs"]);
        File.WriteAllText(_folder["state/inputs/file"], "");
        StateFiles.GiveToOwner(_folder["state/inputs/file"]);

        Assert.That(UnixFile.Look(_folder["state/inputs"])!.Value.Owner, Is.EqualTo(Nobody));
        Assert.That(UnixFile.Look(_folder["state/inputs/file"])!.Value.Owner, Is.EqualTo(Nobody));
    }

    [Test]
    public void A_link_in_the_place_of_a_file_gives_nothing_away()
    {
        Machine.Require(CurrentUser.IsRoot, "root, to have files of other accounts");
        UnixFile.Give(Directory.CreateDirectory(_folder["state"]).FullName, Nobody);
        File.WriteAllText(_folder["precious"], "");
        File.CreateSymbolicLink(_folder["state/file"], _folder["precious"]);

        Assert.That(() => StateFiles.GiveToOwner(_folder["state/file"]), Throws.InstanceOf<IOException>());

        Assert.That(UnixFile.TryLink(_folder["precious"], _folder["state/second"]));
        StateFiles.GiveToOwner(_folder["state/second"]);
        Assert.That(UnixFile.Look(_folder["precious"])!.Value.Owner, Is.Zero);
    }

    [TestCase(UnixFileMode.None, false)]
    [TestCase(UnixFileMode.GroupRead | UnixFileMode.GroupExecute, false)]
    [TestCase(UnixFileMode.OtherRead, true)]
    [TestCase(UnixFileMode.OtherExecute, true)]
    public void A_folder_that_everybody_may_look_into_is_noticed(UnixFileMode more, bool isOpen)
    {
        Directory.CreateDirectory(_folder["state"]);
        File.SetUnixFileMode(_folder["state"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | more);

        Assert.That(StateFiles.IsOpenToAll(_folder["state"]), Is.EqualTo(isOpen));
        Assert.That(StateFiles.IsOpenToAll(_folder["none"]), Is.False);
    }
}

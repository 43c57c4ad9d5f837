using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Builds;
using Buildd.Slave.Lifecycle;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Lifecycle;

[Parallelizable(ParallelScope.All)]
public sealed class BuildDirectoryTests
{
    [TestCase("build-1", "build-1")]
    [TestCase("build-a b", @"build-a\040b")]
    [TestCase(@"build-a\b", @"build-a\134b")]
    [TestCase(@"build-a\040b", @"build-a\134040b")]
    public void What_is_mounted_below_it_keeps_it_from_being_removed(string name, string escaped)
    {
        using var folder = new TemporaryDirectory();
        var directory = Directory.CreateDirectory(folder[name]).FullName;

        Assert.That(
            () => BuildDirectory.Remove(directory, [$"36 35 98:0 / {folder[escaped]}/chroot/proc rw - proc none rw"]),
            Throws.InstanceOf<IOException>().With.Message.Contains("still mounted"));
        Assert.That(Directory.Exists(directory));
    }

    [Test]
    public void A_mount_elsewhere_does_not()
    {
        using var folder = new TemporaryDirectory();
        var directory = Directory.CreateDirectory(folder["build-1"]).FullName;

        BuildDirectory.Remove(directory, [$"36 35 98:0 / {folder["build-11"]}/proc rw - proc none rw"]);

        Assert.That(Directory.Exists(directory), Is.False);
    }

    [Test]
    public void Nobody_but_its_owner_enters_it()
    {
        using var folder = new TemporaryDirectory();

        var directory = BuildDirectory.Create(folder.Path, new BuildRequest
        {
            BuildId = "1",
            ChrootPath = "/cache/0",
            Files = new Dictionary<string, string> { ["a.dsc"] = "/cache/1" },
            Arguments = new XmlRpcStruct(),
            DefaultArchitecture = "amd64",
        });

        Assert.That(
            File.GetUnixFileMode(directory), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
    }

    [Test]
    public void One_that_is_not_there_is_no_failure()
    {
        using var folder = new TemporaryDirectory();

        Assert.That(() => BuildDirectory.Remove(folder["build-1"]), Throws.Nothing);
    }
}

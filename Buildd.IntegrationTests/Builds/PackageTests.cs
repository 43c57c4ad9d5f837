using Buildd.Processes;
using Buildd.Protocol.XmlRpc;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Builds;

/// <summary>In a folder that is unpacked for each build.</summary>
public sealed class ChrootPackageTests() : PackageContract("chroot")
{
    [Test]
    public async Task A_machine_that_is_thrown_away_is_left_as_it_is()
    {
        var job = await JobAsync(
            await SourcesAsync("fx-fast", "echo built > out"), arguments => arguments with { Others = new XmlRpcStruct { ["fast_cleanup"] = true } });
        var chroot = Path.Combine(Slave.Directory, "home", "build-" + job.Cookie, "chroot-autobuild");
        try
        {
            var outcome = await RunAsync(job);

            Assert.That(outcome.Succeeded, LogOf(outcome));
            Assert.That(Phases, Has.Some.EqualTo("reap").And.None.EqualTo("umount").And.None.EqualTo("cleanup"));
            Assert.That(Directory.Exists(Path.Combine(chroot, "proc", "self")), Is.True, "/proc is still mounted");
            Assert.That(ProcessTable.RootedAt(chroot), Is.Empty);
            Assert.That(Directory.GetFiles("/etc/schroot/chroot.d").Select(File.ReadAllText), Has.None.Contain(chroot));
        }
        finally
        {
            await ProcessRunner.CaptureAsync(Command.Of(
                "sh", "-c", "umount \"$1/proc\" \"$1/dev/pts\" \"$1/sys\" \"$1/dev/shm\" && rm -rf --one-file-system \"$(dirname \"$1\")\"", "sh", chroot));
        }
    }
}

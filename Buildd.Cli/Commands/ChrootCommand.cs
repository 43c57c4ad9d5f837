using Buildd.Cli.Application;
using Buildd.Farm.Chroots;
using Buildd.Linux.Processes;

namespace Buildd.Cli.Commands;

/// <summary><c>buildd-farm chroot</c>: a chroot tarball of this machine's release, for driving a slave by hand.</summary>
internal static class ChrootCommand
{
    internal static System.CommandLine.Command Create()
    {
        var cache = ChrootOptions.Cache();
        var work = ChrootOptions.Work();
        var fresh = ChrootOptions.Fresh();
        var command = new System.CommandLine.Command(
            "chroot", "Make a chroot tarball of this machine's Debian release, unless there is one, and print its path. Needs root.")
        {
            cache, work, fresh,
        };
        command.SetAction(parsed => Interruptible.RunAsync("chroot", async stop =>
        {
            if (!CurrentUser.IsRoot)
                throw new FarmException("making a chroot needs root: run it as root, or with sudo");
            var release = await HostRelease.DetectAsync(stop);
            var tarball = new ChrootTarball(release, Path.GetFullPath(parsed.GetValue(cache)!), Console.Error);
            if (parsed.GetValue(fresh) || !File.Exists(tarball.Path))
            {
                await using var folder = await WorkFolder.CreateAsync(parsed.GetValue(work)!, stop);
                await tarball.MakeAsync(folder.Path, stop);
            }

            Console.WriteLine(tarball.Path);
            return 0;
        }));
        return command;
    }
}

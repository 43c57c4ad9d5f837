using System.CommandLine;

namespace Buildd.Farm.Demo;

/// <summary><c>buildd-farm demo</c>: one real package, one slave, one master, on this machine.</summary>
internal static class DemoCommand
{
    internal static System.CommandLine.Command Create()
    {
        var package = new Option<string>("--package") { Description = "The source package to build.", HelpName = "NAME", DefaultValueFactory = _ => "hello" };
        var output = new Option<string>("--output") { Description = "Where the results go.", HelpName = "DIR", DefaultValueFactory = _ => "out/demo" };
        var slave = new Option<string>("--slave") { Description = "The slave's program.", HelpName = "FILE", DefaultValueFactory = _ => Path.Combine(AppContext.BaseDirectory, "buildd-slave") };
        var cache = ChrootCacheOption();
        var work = WorkOption();
        var fresh = FreshChrootOption();
        var command = new System.CommandLine.Command("demo", "Build a Debian source package with a slave of its own, through the wire, as root.")
        {
            package, output, slave, cache, work, fresh,
        };
        command.SetAction(parsed => Interruptible.RunAsync("demo", stop => new DemoRun(new DemoOptions
        {
            Package = parsed.GetValue(package)!,
            OutputDirectory = Path.GetFullPath(parsed.GetValue(output)!),
            SlaveProgram = Path.GetFullPath(parsed.GetValue(slave)!),
            ChrootCache = Path.GetFullPath(parsed.GetValue(cache)!),
            WorkParent = Path.GetFullPath(parsed.GetValue(work)!),
            FreshChroot = parsed.GetValue(fresh),
        }, Console.Out, TimeProvider.System).RunAsync(stop)));
        return command;
    }

    internal static Option<string> ChrootCacheOption() => new("--chroot-cache")
    {
        Description = "Where chroot tarballs are kept for the next time.",
        HelpName = "DIR",
        DefaultValueFactory = _ => "/var/cache/buildd/chroots",
    };

    internal static Option<string> WorkOption() => new("--work")
    {
        Description = "Where a folder for what is needed meanwhile is made; some 2 GB.",
        HelpName = "DIR",
        DefaultValueFactory = _ => "/var/tmp",
    };

    internal static Option<bool> FreshChrootOption() => new("--fresh-chroot")
    {
        Description = "Make the chroot tarball anew even if there is one.",
    };
}

using System.CommandLine;
using Buildd.Cli.Application;

namespace Buildd.Demo;

/// <summary><c>buildd-demo package</c>: one real package, one slave, one master, on this machine.</summary>
internal static class DemoCommand
{
    internal static System.CommandLine.Command Create()
    {
        var package = new Option<string>(
            "--package")
        { Description = "The source package to build.", HelpName = "NAME", DefaultValueFactory = _ => "hello" };
        var output = new Option<string>(
            "--output")
        { Description = "Where the results go.", HelpName = "DIR", DefaultValueFactory = _ => "out/demo" };
        var slave = new Option<string>("--slave")
        {
            Description = "The slave's program.",
            HelpName = "FILE",
            DefaultValueFactory = _ => Path.Combine(AppContext.BaseDirectory, "buildd-slave"),
        };
        var farm = new Option<string>("--farm")
        {
            Description = "The farm's program.",
            HelpName = "FILE",
            DefaultValueFactory = _ => Path.Combine(AppContext.BaseDirectory, "buildd-farm"),
        };
        var cache = ChrootOptions.Cache();
        var work = ChrootOptions.Work();
        var fresh = ChrootOptions.Fresh();
        var command =
            new System.CommandLine.Command("package", "Build a Debian source package with a slave of its own, through the wire, as root.")
        {
            package, output, slave, farm, cache, work, fresh,
        };
        command.SetAction(parsed => Interruptible.RunAsync("buildd-demo", stop => new DemoRun(new DemoOptions
        {
            Package = parsed.GetValue(package)!,
            OutputDirectory = Path.GetFullPath(parsed.GetValue(output)!),
            SlaveProgram = Path.GetFullPath(parsed.GetValue(slave)!),
            FarmProgram = Path.GetFullPath(parsed.GetValue(farm)!),
            ChrootCache = Path.GetFullPath(parsed.GetValue(cache)!),
            WorkParent = Path.GetFullPath(parsed.GetValue(work)!),
            FreshChroot = parsed.GetValue(fresh),
        }, Console.Out, TimeProvider.System).RunAsync(stop)));
        return command;
    }
}

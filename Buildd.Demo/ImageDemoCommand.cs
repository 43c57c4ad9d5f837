using System.CommandLine;
using Buildd.Cli.Application;

namespace Buildd.Demo;

/// <summary><c>buildd-demo image</c>: one live file system, one slave, one master, on this machine.</summary>
internal static class ImageDemoCommand
{
    internal static System.CommandLine.Command Create()
    {
        var tool = new Option<string>("--tool")
        {
            Description = "The image tool: live-build, or mmdebstrap.",
            HelpName = "NAME",
            DefaultValueFactory = _ => ImageDemoRun.LiveBuild,
        };
        tool.AcceptOnlyFromAmong(ImageDemoRun.LiveBuild, ImageDemoRun.Mmdebstrap);
        var branch = new Option<string?>("--branch")
        {
            Description = "A branch with a configuration of live-build in place of the demo's own.",
            HelpName = "URL",
        };
        var output = new Option<string>(
            "--output")
        { Description = "Where the results go.", HelpName = "DIR", DefaultValueFactory = _ => "out/demo-image" };
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
        var command = new System.CommandLine.Command(
            "image", "Make a live file system of this machine's release with a slave of its own, through the wire, as root.")
        {
            tool, branch, output, slave, farm, cache, work, fresh,
        };
        command.SetAction(parsed => Interruptible.RunAsync("buildd-demo", stop => new ImageDemoRun(
            new DemoOptions
            {
                Package = "",
                OutputDirectory = Path.GetFullPath(parsed.GetValue(output)!),
                SlaveProgram = Path.GetFullPath(parsed.GetValue(slave)!),
                FarmProgram = Path.GetFullPath(parsed.GetValue(farm)!),
                ChrootCache = Path.GetFullPath(parsed.GetValue(cache)!),
                WorkParent = Path.GetFullPath(parsed.GetValue(work)!),
                FreshChroot = parsed.GetValue(fresh),
            },
            parsed.GetValue(tool)!, parsed.GetValue(branch), Console.Out, !Console.IsOutputRedirected, TimeProvider.System)
                .RunAsync(stop)));
        return command;
    }
}

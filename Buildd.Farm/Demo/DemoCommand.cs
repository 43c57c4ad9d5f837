using System.CommandLine;
using System.Runtime.InteropServices;
using Buildd.Master;
using Buildd.Processes;
using Buildd.Protocol.Client;

namespace Buildd.Farm.Demo;

/// <summary><c>buildd-farm demo</c>: one real package, one slave, one master, on this machine.</summary>
internal static class DemoCommand
{
    /// <summary>What a shell shows for a program that Ctrl-C ended.</summary>
    private const int Interrupted = 130;

    internal static System.CommandLine.Command Create()
    {
        var package = new Option<string>("--package") { Description = "The source package to build.", HelpName = "NAME", DefaultValueFactory = _ => "hello" };
        var output = new Option<string>("--output") { Description = "Where the results go.", HelpName = "DIR", DefaultValueFactory = _ => "out/demo" };
        var slave = new Option<string>("--slave") { Description = "The slave's program.", HelpName = "FILE", DefaultValueFactory = _ => Path.Combine(AppContext.BaseDirectory, "buildd-slave") };
        var cache = new Option<string>("--chroot-cache") { Description = "Where chroot tarballs are kept for the next time.", HelpName = "DIR", DefaultValueFactory = _ => "/var/cache/buildd/chroots" };
        var work = new Option<string>("--work") { Description = "Where the slave keeps its files while it runs; needs some 2 GB.", HelpName = "DIR", DefaultValueFactory = _ => "/var/tmp" };
        var fresh = new Option<bool>("--fresh-chroot") { Description = "Make the chroot tarball anew even if there is one." };
        var command = new System.CommandLine.Command("demo", "Build a Debian source package with a slave of its own, through the wire, as root.")
        {
            package, output, slave, cache, work, fresh,
        };
        command.SetAction(parsed => RunAsync(new DemoOptions
        {
            Package = parsed.GetValue(package)!,
            OutputDirectory = Path.GetFullPath(parsed.GetValue(output)!),
            SlaveProgram = Path.GetFullPath(parsed.GetValue(slave)!),
            ChrootCache = Path.GetFullPath(parsed.GetValue(cache)!),
            WorkParent = Path.GetFullPath(parsed.GetValue(work)!),
            FreshChroot = parsed.GetValue(fresh),
        }));
        return command;
    }

    private static async Task<int> RunAsync(DemoOptions options)
    {
        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            if (!stop.IsCancellationRequested)
                Console.Error.WriteLine($"\n{context.Signal}: ending the build and cleaning up; this takes a few seconds");
            stop.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        try
        {
            return await new DemoRun(options, Console.Out, TimeProvider.System).RunAsync(stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("demo: stopped; nothing is left running or mounted");
            return Interrupted;
        }
        catch (Exception e) when (e is FarmException or MasterException or SlaveException or ProcessException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"demo: {e.Message}");
            return 1;
        }
    }
}

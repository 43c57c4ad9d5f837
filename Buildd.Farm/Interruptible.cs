using System.Runtime.InteropServices;
using Buildd.Debian;
using Buildd.Master;
using Buildd.Processes;
using Buildd.Protocol.Client;

namespace Buildd.Farm;

/// <summary>Runs a command that Ctrl-C, or a terminal that goes away, ends tidily, and turns its failures into one sentence.</summary>
internal static class Interruptible
{
    /// <summary>What a shell shows for a program that Ctrl-C ended.</summary>
    private const int Interrupted = 130;

    internal static async Task<int> RunAsync(string name, Func<CancellationToken, Task<int>> command)
    {
        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            if (!stop.IsCancellationRequested)
                Console.Error.WriteLine($"\n{context.Signal}: ending what runs and cleaning up; this takes a few seconds");
            stop.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        try
        {
            return await command(stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync($"{name}: stopped; nothing is left running or mounted");
            return Interrupted;
        }
        catch (Exception e) when (e is FarmException or MasterException or SlaveException or ProcessException or DebianException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"{name}: {e.Message}");
            return 1;
        }
    }
}

using System.Runtime.InteropServices;
using Buildd.Debian;
using Buildd.Farm.Store;
using Buildd.Linux.Files;
using Buildd.Linux.Processes;
using Buildd.Linux.Text;
using Buildd.Master;
using Buildd.Master.Uploads;
using Buildd.Protocol.Client;

namespace Buildd.Cli.Application;

/// <summary>Runs a command that Ctrl-C, or a terminal that goes away, ends tidily, and turns its failures into one sentence.</summary>
internal static class Interruptible
{
    /// <summary>Runs it.</summary>
    /// <param name="name">What the command is called, before its messages.</param>
    /// <param name="command">What it does.</param>
    /// <param name="error">Where messages go; standard error by default.</param>
    /// <param name="stopped">What is said when it was stopped.</param>
    /// <param name="stopping">What is said at once.</param>
    /// <returns>Its exit code, or that of what went wrong; see <see cref="FarmExitCode"/>.</returns>
    internal static async Task<int> RunAsync(
        string name, Func<CancellationToken, Task<int>> command, TextWriter? error = null,
        string stopped = "stopped; nothing is left running or mounted",
        string stopping = "ending what runs and cleaning up; this takes a few seconds")
    {
        error ??= Console.Error;
        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            if (!stop.IsCancellationRequested)
                error.WriteLine($"\n{context.Signal}: {stopping}");
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
            await error.WriteLineAsync($"{name}: {stopped}");
            return FarmExitCode.Interrupted;
        }
        catch (FarmException e)
        {
            await error.WriteLineAsync($"{name}: {Printable.Text(e.Message)}");
            return e.ExitCode;
        }
        catch (StoreException e)
        {
            await error.WriteLineAsync($"{name}: {Printable.Text(e.Message)}");
            return e.ExitCode;
        }
        catch (UploadsLockedException e)
        {
            await error.WriteLineAsync($"{name}: {Printable.Text(e.Message)}");
            return FarmExitCode.Busy;
        }
        catch (IOException e) when (UnixFile.IsBrokenPipe(e))
        {
            return FarmExitCode.Unread; // whoever read it has seen enough
        }
        catch (Exception e) when (e is MasterException or SlaveException or ProcessException or DebianException or FileNameException
            or IOException or UnauthorizedAccessException or TimeoutException)
        {
            await error.WriteLineAsync($"{name}: {Printable.Text(e.Message)}");
            return FarmExitCode.Failed;
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using Buildd.Benchmarks.Harness;
using Buildd.Testing.Slaves;

namespace Buildd.Benchmarks.Peers;

/// <summary>Simulated slaves in a process of their own, so that a master's process has nothing of theirs in it.</summary>
internal sealed class SimulatedSlavesProcess : IDisposable
{
    /// <summary>The first argument of this program that makes it the slaves' process.</summary>
    internal const string Argument = "simulated-slaves";

    private readonly Process _process;

    private SimulatedSlavesProcess(Process process, int port) => (_process, Port) = (process, port);

    /// <summary>For <see cref="SimulatedSlaves.Url"/>.</summary>
    internal int Port { get; }

    /// <summary>Starts the process.</summary>
    internal static async Task<SimulatedSlavesProcess> StartAsync(CancellationToken cancellationToken)
    {
        var process = Process.Start(new ProcessStartInfo("dotnet", ["exec", typeof(SimulatedSlavesProcess).Assembly.Location, Argument])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        return int.TryParse(await process.StandardOutput.ReadLineAsync(cancellationToken), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? new SimulatedSlavesProcess(process, port)
            : throw new BenchmarkException("the simulated slaves did not start");
    }

    public void Dispose()
    {
        _process.StandardInput.Close(); // which ends it
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>Runs in that process: prints its port, and ends when its standard input does.</summary>
    internal static async Task<int> RunAsync()
    {
        await using var slaves = await SimulatedSlaves.StartAsync();
        Console.WriteLine(slaves.Port);
        await Console.In.ReadToEndAsync();
        return 0;
    }
}

using System.Globalization;
using Buildd.Linux.Processes;
using Buildd.Testing.Programs;
using Buildd.Testing.Slaves;

namespace Buildd.Benchmarks.Peers;

/// <summary>Simulated slaves in a process of their own, so that a master's process has nothing of theirs in it.</summary>
internal sealed class SimulatedSlavesProcess : IAsyncDisposable
{
    /// <summary>The first argument of this program that makes it the slaves' process.</summary>
    internal const string Argument = "simulated-slaves";

    /// <summary>The second argument, with which builds end by themselves.</summary>
    private const string EndsArgument = "builds-end";

    /// <summary>The duration of such builds.</summary>
    internal static readonly TimeSpan BuildTime = TimeSpan.FromSeconds(2);

    private const string Sign = "simulated slaves at ";

    private readonly RunningProgram _program;

    private SimulatedSlavesProcess(RunningProgram program, int port) => (_program, Port) = (program, port);

    /// <summary>For <see cref="SimulatedSlaves.Url"/>.</summary>
    internal int Port { get; }

    /// <summary>Starts the process.</summary>
    /// <param name="buildsEnd">Whether builds end well after <see cref="BuildTime"/>; they go on for ever by default.</param>
    internal static async Task<SimulatedSlavesProcess> StartAsync(bool buildsEnd = false)
    {
        string[] arguments = ["exec", typeof(SimulatedSlavesProcess).Assembly.Location, Argument];
        var command = Command.Of("dotnet", buildsEnd ? [.. arguments, EndsArgument] : arguments);
        var program = await RunningProgram.StartAsync(command with { KeepsStandardInputOpen = true }, Sign);
        return new SimulatedSlavesProcess(program, int.Parse(await program.LineAfterAsync(Sign), CultureInfo.InvariantCulture));
    }

    public ValueTask DisposeAsync() => _program.DisposeAsync();

    /// <summary>Runs in that process: prints its port, and ends when its standard input does.</summary>
    internal static async Task<int> RunAsync(string[] arguments)
    {
        await using var slaves = await SimulatedSlaves.StartAsync();
        if (arguments is [EndsArgument])
            slaves.LetBuildsEndAfter(BuildTime);
        Console.WriteLine(Sign + slaves.Port);
        await Console.In.ReadToEndAsync();
        return 0;
    }
}

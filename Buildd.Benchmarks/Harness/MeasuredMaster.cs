using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Buildd.Benchmarks.Peers;
using Buildd.Master;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Inputs;
using Buildd.Master.Jobs;
using Buildd.Master.Uploads;
using Buildd.Testing.Slaves;

namespace Buildd.Benchmarks.Harness;

/// <summary>What looking after simulated slaves has cost a master.</summary>
/// <param name="Looks">How many looks at a slave there were.</param>
/// <param name="Elapsed">In what time, in seconds.</param>
/// <param name="Cpu">The processor time of the master's process in it, in seconds.</param>
/// <param name="Late99">How late 99 of 100 looks began at most, in seconds.</param>
/// <param name="Resident">The memory of the process at the end, in bytes.</param>
internal sealed record MasterFigures(double Looks, double Elapsed, double Cpu, double Late99, double Resident);

/// <summary>The library in a process of its own, with nothing else in it, looking after simulated slaves that all build.</summary>
internal static class MeasuredMaster
{
    /// <summary>The first argument of this program that makes it the master's process.</summary>
    internal const string Argument = "measured-master";

    /// <summary>After all builds have begun; methods get compiled, and looks spread over the interval.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(10);

    /// <summary>Measures in a process of its own.</summary>
    internal static async Task<MasterFigures> MeasureAsync(
        int slaves, TimeSpan interval, TimeSpan time, int port, string root, CancellationToken cancellationToken)
    {
        var output = await PeerProcess.RunAsync(
            "dotnet",
            [
                "exec", typeof(MeasuredMaster)
                    .Assembly.Location, Argument, Text(slaves), Text(interval.TotalSeconds), Text(time.TotalSeconds), Text(port), root,
            ],
            cancellationToken);
        return output.Split(' ').Select(word => double.Parse(word, CultureInfo.InvariantCulture))
            .ToArray() is [var looks, var elapsed, var cpu, var late, var resident]
            ? new MasterFigures(looks, elapsed, cpu, late, resident)
            : throw new BenchmarkException($"the master said: {output}");
    }

    /// <summary>What that process does: looks after the slaves, and prints the figures.</summary>
    internal static async Task<int> RunAsync(string[] arguments)
    {
        var (slaves, port, root) =
            (int.Parse(arguments[0], CultureInfo.InvariantCulture), int.Parse(arguments[3], CultureInfo.InvariantCulture), arguments[4]);
        var (interval, time) = (Seconds(arguments[1]), Seconds(arguments[2]));
        var (builders, builds) = (new InMemoryBuilders(), new InMemoryBuilds());
        for (var i = 0; i < slaves; i++)
            await builders.TryAddAsync(
                new Builder { Name = $"slave{i}", Url = SimulatedSlaves.Url(i, port), Manual = false, Clean = CleanState.Clean });
        await builds.AddAsync([.. Enumerable.Range(0, slaves).Select(_ => new NewBuild
        {
            JobType = SimulatedJobKind.Name,
            Title = "a simulated build",
            EstimatedDuration = TimeSpan.FromHours(10),
        })]);
        IJobKind[] kinds = [new SimulatedJobKind()];
        using var meters = new Listener();
        await using var master = new BuildMaster(new MasterOptions { Root = root, PollInterval = interval }, new BuildMasterParts
        {
            Builders = builders,
            Builds = builds,
            Queue = builds,
            Inputs = new InMemoryInputs(),
            Uploads = new DirectoryUploadSink(builds, root, kinds),
            Kinds = kinds,
        });
        using var stop = new CancellationTokenSource();
        var running = master.RunAsync(stop.Token);
        while (meters.Dispatched < slaves && !running.IsCompleted)
            await Task.Delay(100);
        await Task.Delay(WarmUp + interval);

        var before = Environment.CpuUsage.TotalTime;
        var start = Stopwatch.GetTimestamp();
        meters.Begin();
        await Task.Delay(time);
        var (looks, late) = meters.End();
        var (elapsed, cpu) = (Stopwatch.GetElapsedTime(start), Environment.CpuUsage.TotalTime - before);
        using var process = Process.GetCurrentProcess();
        Console.WriteLine(
            string.Join(' ', ((double[])[looks, elapsed.TotalSeconds, cpu.TotalSeconds, late, process.WorkingSet64]).Select(Text)));
        await stop.CancelAsync();
        await running;
        return 0;
    }

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);

    private static TimeSpan Seconds(string text) => TimeSpan.FromSeconds(double.Parse(text, CultureInfo.InvariantCulture));

    /// <summary>Listens to the master's own figures, as a program that exports them would.</summary>
    private sealed class Listener : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly List<double> _late = [];
        private readonly Lock _lock = new();
        private int _dispatched;
        private int _looks;

        public Listener()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == BuildMaster.MeterName)
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) =>
            {
                if (instrument.Name == "buildd.master.dispatched")
                    Interlocked.Add(ref _dispatched, (int)value);
            });
            _listener.SetMeasurementEventCallback<double>((instrument, value, _, _) =>
            {
                lock (_lock)
                {
                    if (instrument.Name == "buildd.master.scan.duration")
                        _looks++;
                    else if (instrument.Name == "buildd.master.scan.lateness")
                        _late.Add(value);
                }
            });
            _listener.Start();
        }

        public int Dispatched => Volatile.Read(ref _dispatched);

        public void Begin()
        {
            lock (_lock)
            {
                _looks = 0;
                _late.Clear();
            }
        }

        public (int Looks, double Late99) End()
        {
            lock (_lock)
            {
                if (_late.Count == 0)
                    throw new BenchmarkException("no slave was looked at twice");
                _late.Sort();
                return (_looks, _late[(int)(_late.Count * 0.99)]);
            }
        }

        public void Dispose() => _listener.Dispose();
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Buildd.Benchmarks.Harness;
using Buildd.Farm.Store.Sqlite;
using Buildd.Master.Builds;

namespace Buildd.Benchmarks;

/// <summary>
/// A farm works for years: do its commands cost more with a million builds behind them, and how many builds can it do in a minute?
/// </summary>
/// <remarks>
/// Stores of 1,000 to 1,000,000 builds that are over, and a tenth as many that wait (100,000 at most). Commands run in processes of their
/// own, as people run them, and the library's paths in this one; what counts is processor time. The peer is the same on the store of
/// 10,000, so that a ratio is the inverse of the growth. The farm of quick builds has the number of builds for a peer that slaves could do
/// that never wait.
/// </remarks>
internal sealed class Growth : IBenchmark
{
    /// <summary>A command may cost half as much again with a million builds as with ten thousand.</summary>
    private const double MaxGrowth = 1.5;

    private const int Rounds = 5;
    private const int AtOnce = 16;
    private const int Base = 10_000;
    private const int Sources = 400;

    private static readonly int[] Sizes = [1000, Base, 100_000, 1_000_000];

    private static readonly string[] Commands =
    [
        "builders list",
        "queue",
        "queue --json -n 1000",
        "queue --owner owner3",
        "queue --arch armhf",
        "queue --source source7 --state BUILDING",
        "queue --all",
        "queue --all --source source7",
        "queue --all --source source7 --state FULLYBUILT",
        "queue --all --source source7 --owner owner3",
        "queue --all --owner owner7 --state CANCELLED",
        "queue --all --owner owner3 --arch armhf",
        "queue --all --arch armhf",
        "queue --all --arch amd64 --state FAILEDTOBUILD",
        "queue --all --builder builder7 --state CANCELLED",
        "show 77",
        "rescore 77 5",
        "cancel 77",
        "build hello_1.dsc --arch amd64",
        "process-upload",
    ];

    /// <summary>The most builds that are over; for a quick look less than a million.</summary>
    internal int MaxRows { get; set; } = Sizes[^1];

    public string Question =>
        "What do commands cost with 1,000 to 1,000,000 builds behind them, against 10,000, and how many builds of 2 s do 200 slaves do a "
        + "minute?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        var sizes = Sizes.Where(size => size <= MaxRows).DefaultIfEmpty(MaxRows).ToArray();
        var costs = new Dictionary<(string What, int Size), double>();
        foreach (var size in sizes)
        {
            var own = Directory.CreateDirectory(Path.Combine(folder, $"{size}")).FullName;
            var configuration = await GrownStore.MakeAsync(own, size, cancellationToken);
            var dsc = WriteSource(own, "hello_1");
            foreach (var (command, cost) in await MeasureCommandsAsync(configuration, dsc, cancellationToken))
                costs[(command, size)] = cost;
            foreach (var (what, cost) in await MeasurePathsAsync(own, cancellationToken))
                costs[(what, size)] = cost;
            costs[("build --from-file, a source of 3 files", size)] = await MeasureListAsync(own, configuration, cancellationToken);
            foreach (var (key, cost) in costs.Where(cost => cost.Key.Size == size))
                await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{size}: {key.What}: {cost:0.000000} s"));
        }

        var (least, most) = (sizes.Contains(Base) ? Base : sizes[0], sizes[^1]);
        var rows = costs.Keys.Select(key => key.What).Distinct().Select(what => new Row(
            new Quantity(string.Create(CultureInfo.InvariantCulture, $"{what}, CPU, {most:#,0} builds against {least:#,0}"), "s")
            {
                IsCost = true,
                Aim = 1 / MaxGrowth,
                Limit = what.StartsWith("build --from-file", StringComparison.Ordinal) ? 0.005 : null,
            },
            [costs[(what, most)]],
            [costs[(what, least)]])).ToList();
        var farm = await QuickFarm.MeasureAsync(Directory.CreateDirectory(Path.Combine(folder, "farm")).FullName, cancellationToken);
        rows.Add(
            new Row(
                new Quantity($"{QuickFarm.Slaves} slaves, builds of 2 s, looks every 1 s", "/min") { Aim = 0.75 }, [farm.Built],
                [QuickFarm.Limit]));
        rows.Add(new Row(new Quantity("uploads processed of these", "/min") { Aim = 0.95 }, [farm.Processed], [farm.Built]));
        rows.Add(new Row(new Quantity("CPU for each of these", "s") { IsCost = true }, [farm.CpuPerBuild], []));
        return rows;
    }

    /// <summary>Many run at the same time: it is processor time that counts, and on a busy machine most of a start is waiting.</summary>
    private static async Task<IReadOnlyList<(string Command, double Cost)>> MeasureCommandsAsync(
        string configuration, string dsc, CancellationToken cancellationToken)
    {
        var rounds = Commands.ToDictionary(command => command, _ => new double[Rounds]);
        var all = Commands.SelectMany(command => Enumerable.Range(0, Rounds).Select(round => (command, round)));
        var bound = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(all, bound, async (one, stop) =>
        {
            string[] arguments = [.. one.command.Split(' ').Select(word => word == "hello_1.dsc" ? dsc : word)];
            rounds[one.command][one.round] = await CommandCost.MeasureAsync(configuration, arguments, stop);
        });
        return [.. rounds.Select(command => (command.Key, command.Value.Order().ElementAt(Rounds / 2)))];
    }

    /// <summary>The library's own part of what commands and masters often do.</summary>
    private static async Task<IReadOnlyList<(string What, double Cost)>> MeasurePathsAsync(
        string folder, CancellationToken cancellationToken)
    {
        await using var store = await SqliteStore.OpenAsync(
            Path.Combine(folder, "state", "farm.sqlite"), cancellationToken: cancellationToken);
        var filter = new BuildFilter { Subject = "source7", State = BuildState.FullyBuilt };
        return
        [
            ("the first 100 of the queue", await TimeAsync(20, () => store.Builds.ListQueueAsync(new BuildFilter(), cancellationToken))),
            ("a source's builds in a state", await TimeAsync(20, () => store.Builds.ListAsync(filter, cancellationToken))),
            ("a change of a build", await TimeAsync(20, () => store.Builds.ChangeAsync(77, build => build with
            {
                Score = build.Score + 1,
            }, cancellationToken))),
            ("a build of 200 that are added", await TimeAsync(5, () => store.Builds.AddAsync(
                [.. Enumerable.Range(0, 200).Select(_ => GrownStore.New("new"))], cancellationToken)) / 200),
        ];
    }

    /// <summary>Processor time of one of many calls; the first are not counted.</summary>
    private static async Task<double> TimeAsync(int count, Func<Task> call)
    {
        for (var i = 0; i < 3; i++)
            await call();
        var before = Environment.CpuUsage.TotalTime;
        for (var i = 0; i < count; i++)
            await call();
        return (Environment.CpuUsage.TotalTime - before).TotalSeconds / count;
    }

    private static async Task<double> MeasureListAsync(string folder, string configuration, CancellationToken cancellationToken)
    {
        var list = Path.Combine(folder, "list");
        var sources = Enumerable.Range(0, Sources).Select(i => WriteSource(folder, $"source{i}_1"));
        await File.WriteAllLinesAsync(list, sources, cancellationToken);
        string[] command = ["build", "--from-file", list, "--arch", "amd64"];
        return await CommandCost.MeasureAsync(configuration, command, cancellationToken) / Sources;
    }

    /// <summary>Writes a source package of three files.</summary>
    private static string WriteSource(string folder, string name)
    {
        var text = new StringBuilder($"Format: 3.0 (quilt)\nSource: {name.Split('_')[0]}\nVersion: 1-1\nBinary: hello\n");
        text.Append("Architecture: any\nMaintainer: A <a@example.org>\nFiles:\n");
        foreach (var (file, size) in (ReadOnlySpan<(string, int)>)[($"{name}.orig.tar.xz", 100_000), ($"{name}-1.debian.tar.xz", 10_000)])
        {
            var content = Encoding.ASCII.GetBytes(name.PadRight(size, '.'));
            File.WriteAllBytes(Path.Combine(folder, file), content);
            text.Append(CultureInfo.InvariantCulture, $" {Convert.ToHexStringLower(Md5(content))} {size} {file}\n");
        }

        var dsc = Path.Combine(folder, $"{name}.dsc");
        File.WriteAllText(dsc, text.ToString());
        return dsc;
    }

    private static byte[] Md5(byte[] content) => CryptographicOperations.HashData(HashAlgorithmName.MD5, content);
}

using System.Globalization;
using Buildd.Benchmarks.Harness;
using Buildd.Benchmarks.Peers;

namespace Buildd.Benchmarks;

/// <summary>A farm grows: what do many slaves cost the master that looks after them, and does it still come in time?</summary>
/// <remarks>
/// All slaves build, and their logs grow from look to look: a look is a status and the log's new end, stored. Slaves and master
/// are two processes on one machine, so that the slaves take from the processors, and from the master's punctuality, what they need. There
/// is no peer: the aims are absolute. Each is measured once.
/// </remarks>
internal sealed class Simulation : IBenchmark
{
    private static readonly (int Slaves, int Seconds, int Measured)[] Farms =
        [(1000, 15, 30), (5000, 15, 30), (1000, 1, 20), (5000, 1, 20)];

    public string Question =>
        "What does looking after 1,000 and 5,000 slaves cost a master, each second and every 15 s, and how late does it come?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        var rows = new List<Row>();
        foreach (var (slaves, seconds, measured) in Farms)
        {
            await using var simulated = await SimulatedSlavesProcess.StartAsync();
            var root = Directory.CreateDirectory(Path.Combine(folder, $"{slaves}-{seconds}")).FullName;
            var figures = await MeasuredMaster.MeasureAsync(
                slaves, TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(measured), simulated.Port, root, cancellationToken);
            var farm = string.Create(CultureInfo.InvariantCulture, $"{slaves:#,0} slaves every {seconds} s");
            var aims = (slaves, seconds) == (1000, 1); // what was agreed on
            rows.Add(Of(new Quantity($"{farm}, looks", "/s"), figures.Looks / figures.Elapsed));
            rows.Add(Of(new Quantity($"{farm}, CPU per 1,000 looks", "s") { IsCost = true }, figures.Cpu / figures.Looks * 1000));
            rows.Add(
                Of(new Quantity($"{farm}, CPU", "of a core") { IsCost = true, Limit = aims ? 0.25 : null }, figures.Cpu / figures.Elapsed));
            rows.Add(
                Of(
                    new Quantity($"{farm}, 99 of 100 looks late by at most", "ms") { IsCost = true, Limit = aims ? 250 : null },
                    figures.Late99 * 1000));
            rows.Add(Of(new Quantity($"{farm}, resident", "MiB") { IsCost = true }, figures.Resident / 1024 / 1024));
        }

        return rows;
    }

    private static Row Of(Quantity quantity, double figure) => new(quantity, [figure], []);
}

using System.Diagnostics;
using System.Globalization;
using Buildd.Benchmarks.Peers;
using Buildd.Farm.Store.Sqlite;
using Buildd.Master;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Inputs;
using Buildd.Master.Uploads;
using Buildd.Master.Uploads.Archives;
using Buildd.Testing.Slaves;
using Dapper;

namespace Buildd.Benchmarks.Harness;

/// <summary>The work of a farm of quick builds in a minute.</summary>
/// <param name="Built">Builds whose builders were done with them.</param>
/// <param name="Processed">Uploads that the archive has.</param>
/// <param name="CpuPerBuild">Seconds of processor time for each build: master, store, results and uploads.</param>
internal sealed record QuickFarmFigures(double Built, double Processed, double CpuPerBuild);

/// <summary>A farm with a store of SQLite, simulated slaves whose builds take two seconds, and the processing of their uploads.</summary>
internal static class QuickFarm
{
    internal const int Slaves = 200;

    /// <summary>The builds of a minute if no slave ever waited.</summary>
    internal static readonly double Limit = Slaves * 60 / SimulatedSlavesProcess.BuildTime.TotalSeconds;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(60);

    /// <summary>Measures one minute.</summary>
    internal static async Task<QuickFarmFigures> MeasureAsync(string folder, CancellationToken cancellationToken)
    {
        await using var slaves = await SimulatedSlavesProcess.StartAsync(buildsEnd: true);
        await using var store = await SqliteStore.OpenAsync(Path.Combine(folder, "farm.sqlite"), cancellationToken: cancellationToken);
        for (var i = 0; i < Slaves; i++)
        {
            await store.Builders.TryAddAsync(
                new Builder
                {
                    Name = string.Create(CultureInfo.InvariantCulture, $"slave{i}"),
                    Url = SimulatedSlaves.Url(i, slaves.Port),
                    Manual = false,
                    Clean = CleanState.Clean,
                },
                cancellationToken);
        }

        await store.Builds.AddAsync([.. Enumerable.Range(0, (int)(3 * Limit)).Select(_ => new NewBuild
        {
            JobType = SimulatedJobKind.Name,
            Title = "a simulated build",
            EstimatedDuration = SimulatedSlavesProcess.BuildTime,
        })], cancellationToken);
        SimulatedJobKind[] kinds = [new()];
        var root = Directory.CreateDirectory(Path.Combine(folder, "results")).FullName;
        var processor = new UploadProcessor(
            new UploadProcessorOptions { Root = root }, store.Builds, new DirectoryArchive(Path.Combine(folder, "archive")), kinds);
        var uploads = new ProcessingUploadSink(processor);
        await using var master = new BuildMaster(
            new MasterOptions { Root = root, PollInterval = TimeSpan.FromSeconds(1), FastPollInterval = TimeSpan.FromSeconds(1) },
            new BuildMasterParts
            {
                Builders = store.Builders,
                Builds = store.Builds,
                Queue = store.Builds,
                Inputs = new InMemoryInputs(),
                Uploads = uploads,
                Kinds = kinds,
            });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] running = [master.RunAsync(stop.Token), uploads.RunAsync(stop.Token)];
        await Task.Delay(WarmUp, cancellationToken);

        var (before, cpu, start) = (await CountAsync(store), Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        await Task.Delay(Measured, cancellationToken);
        var (after, used, minutes) =
            (await CountAsync(store), Environment.CpuUsage.TotalTime - cpu, Stopwatch.GetElapsedTime(start).TotalMinutes);
        await stop.CancelAsync();
        await Task.WhenAll(running);
        var built = after.Built - before.Built;
        return new QuickFarmFigures(built / minutes, (after.Processed - before.Processed) / minutes, used.TotalSeconds / built);
    }

    private static Task<(long Built, long Processed)> CountAsync(SqliteStore store) => store.ReadAsync(
        async connection =>
        {
            var processed = await CountAsync(BuildState.FullyBuilt);
            return (processed + await CountAsync(BuildState.Uploading), processed);

            Task<long> CountAsync(BuildState state) =>
                connection.ExecuteScalarAsync<long>("SELECT count(*) FROM build WHERE state = @state", new { state = (long)state });
        },
        CancellationToken.None);
}

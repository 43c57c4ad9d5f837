using Buildd.Benchmarks.Harness;

namespace Buildd.Benchmarks;

/// <summary>A builder is restarted now and then and mostly waits: what do a start and an idle slave cost?</summary>
/// <remarks>Both programs are published just before, in the form that <c>Publish.props</c> chooses for this machine.</remarks>
internal sealed class StartAndMemory(PublishedPrograms programs) : IBenchmark
{
    private const double AgreedStartAim = 1 / 1.3;
    private const double AgreedStartMilliseconds = 45;

    private const double AgreedMemoryAim = 1 / 1.25;
    private const double AgreedMemoryMiB = 32;

    /// <summary>After this long, whatever starting needed and was given back is gone.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(1);

    public string Question =>
        "How long until the daemon answers, and how large is it idle, against a bare Kestrel program published the same way?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        var slave = await programs.SlaveAsync(cancellationToken);
        var bare = await programs.BareAsync(cancellationToken);

        return await Rounds.MeasureAsync(
            [
                new Quantity("start of the process to the first answer", "ms")
                {
                    IsCost = true, Aim = AgreedStartAim, Limit = AgreedStartMilliseconds,
                },
                new Quantity("resident when idle", "MiB") { IsCost = true, Aim = AgreedMemoryAim, Limit = AgreedMemoryMiB },
            ],
            () => MeasureAsync(ServerProcess.StartSlaveAsync(slave, folder, cancellationToken)),
            () => MeasureAsync(ServerProcess.StartBareAsync(bare, folder, null, cancellationToken)));

        async Task<double[]> MeasureAsync(Task<ServerProcess> starting)
        {
            await using var server = await starting;
            await Task.Delay(Settle, cancellationToken);
            return [server.StartTime.TotalMilliseconds, server.ResidentMiB];
        }
    }
}

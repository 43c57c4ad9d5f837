using Buildd.Benchmarks.Harness;

namespace Buildd.Benchmarks;

/// <summary>A master asks each slave every few seconds: is what we do between Kestrel and the builder small?</summary>
/// <remarks>
/// Both servers are published programs in processes of their own; the client shares this machine's processors with them. The
/// bare program does not read the call, it only answers as much as ours does. The CPU time is the server's alone.
/// </remarks>
internal sealed class StatusCalls(PublishedPrograms programs) : IBenchmark
{
    private const double AgreedAim = 0.75;

    /// <summary>Not more than twice the bare program's time.</summary>
    private const double AgreedTimeAim = 1.0 / 2;

    /// <summary>The runtime compiles the client's methods again in the background once they are in use, for about two seconds.</summary>
    private const int WarmUps = 2;

    private static readonly TimeSpan RoundTime = TimeSpan.FromSeconds(1);

    public string Question => "How many status calls a second, against a bare Kestrel program that answers a constant of the same size?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        var programOfOurs = await programs.SlaveAsync(cancellationToken);
        var programOfPeer = await programs.BareAsync(cancellationToken);
        await using var ours = await ServerProcess.StartSlaveAsync(programOfOurs, folder, cancellationToken);
        var constant = await StatusLoad.AskAsync(ours.Url, cancellationToken);
        await using var bare = await ServerProcess.StartBareAsync(programOfPeer, folder, constant, cancellationToken);

        var rows = new List<Row>();
        foreach (var connections in (int[])[1, 16, 64, 256])
        {
            var on = $"{connections} connection{(connections == 1 ? "" : "s")}";
            rows.AddRange(await Rounds.MeasureAsync(
                [
                    new Quantity($"calls, {on}", "/s") { Aim = AgreedAim },
                    new Quantity($"99 of 100 calls within, {on}", "µs") { IsCost = true, Aim = connections == 64 ? AgreedTimeAim : null },
                    new Quantity($"CPU per call, {on}", "µs") { IsCost = true },
                ],
                () => LoadAsync(ours, connections, cancellationToken),
                () => LoadAsync(bare, connections, cancellationToken),
                warmUps: WarmUps));
        }

        return rows;
    }

    private static async Task<double[]> LoadAsync(ServerProcess server, int connections, CancellationToken cancellationToken)
    {
        var before = server.CpuTime;
        var load = await StatusLoad.RunAsync(server.Url, connections, RoundTime, cancellationToken);
        return [load.CallsPerSecond, load.P99, (server.CpuTime - before).TotalMicroseconds / load.Calls];
    }
}

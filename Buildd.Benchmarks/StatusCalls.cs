using Buildd.Benchmarks.Harness;
using Buildd.Benchmarks.Peers;

namespace Buildd.Benchmarks;

/// <summary>A master asks each slave every few seconds: is what we do between Kestrel and the builder small?</summary>
/// <remarks>
/// The CPU time is that of this whole process, so of server and client together; the client is the same on both sides. The
/// bare program does not read the call, it only answers as much as ours does.
/// </remarks>
internal sealed class StatusCalls : IBenchmark
{
    private const double AgreedAim = 0.6;

    /// <summary>Not more than three times the bare program's time.</summary>
    private const double AgreedTimeAim = 1.0 / 3;

    /// <summary>Methods are compiled anew in the background while they are found to be in use; it takes about two seconds.</summary>
    private const int WarmUps = 2;

    private static readonly TimeSpan RoundTime = TimeSpan.FromSeconds(1);

    public string Question => "How many status calls a second, against a bare Kestrel program that answers a constant of the same size?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        await using var ours = await MeasuredSlave.StartAsync(folder, cancellationToken);
        var constant = await StatusLoad.AskAsync(ours.Url, cancellationToken);
        await using var bare = await BareServer.StartAsync(
            async http =>
            {
                http.Response.ContentType = "text/xml; charset=utf-8";
                http.Response.ContentLength = constant.Length;
                await http.Response.BodyWriter.WriteAsync(constant, http.RequestAborted);
            },
            cancellationToken);

        var rows = new List<Row>();
        foreach (var connections in (int[])[1, 16, 64])
        {
            var on = $"{connections} connection{(connections == 1 ? "" : "s")}";
            rows.AddRange(await Rounds.MeasureAsync(
                [
                    new Quantity($"calls, {on}", "/s") { Aim = AgreedAim },
                    new Quantity($"99 of 100 calls within, {on}", "µs") { IsCost = true, Aim = connections == 64 ? AgreedTimeAim : null },
                    new Quantity($"CPU per call with its client, {on}", "µs") { IsCost = true },
                ],
                () => LoadAsync(ours.Url, connections, cancellationToken),
                () => LoadAsync(bare.Url, connections, cancellationToken),
                warmUps: WarmUps));
        }

        return rows;
    }

    private static async Task<double[]> LoadAsync(Uri server, int connections, CancellationToken cancellationToken)
    {
        var (calls, p99, cpu) = await StatusLoad.RunAsync(server, connections, RoundTime, cancellationToken);
        return [calls, p99, cpu];
    }
}

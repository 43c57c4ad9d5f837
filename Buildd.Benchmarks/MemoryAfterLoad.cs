using Buildd.Benchmarks.Harness;
using Buildd.Benchmarks.Peers;

namespace Buildd.Benchmarks;

/// <summary>A slave runs for months beside the builds: does it give back what it needed while much was asked of it?</summary>
/// <remarks>The peer is the bare program after the same connections; it fetches and serves no files.</remarks>
internal sealed class MemoryAfterLoad(PublishedPrograms programs) : IBenchmark
{
    private const double AgreedMiB = 50;

    private const int Connections = 64;

    private static readonly TimeSpan LoadTime = TimeSpan.FromSeconds(10);

    public string Question =>
        "How large is the daemon after 10 s of status over 64 connections, an ensurepresent and a download of 1 GiB, "
        + "against a bare Kestrel program after the calls?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        var slave = await programs.SlaveAsync(cancellationToken);
        var bare = await programs.BareAsync(cancellationToken);
        var file = InputFile.Create(folder);
        await using var source = await BareServer.OfFileAsync(file.Path, InputFile.Bytes, cancellationToken);

        return await Rounds.MeasureAsync(
            [new Quantity("resident after the load", "MiB") { IsCost = true, Limit = AgreedMiB }],
            async () =>
            {
                await using var server = await ServerProcess.StartSlaveAsync(slave, folder, cancellationToken);
                await StatusLoad.RunAsync(server.Url, Connections, LoadTime, cancellationToken);
                await EnsurePresent.FetchAsync(server, file, source.Url, cancellationToken);
                await FileDownload.DownloadAsync(server.Url, $"/filecache/{file.Sha1}", cancellationToken);
                return [server.ResidentMiB];
            },
            async () =>
            {
                await using var server = await ServerProcess.StartBareAsync(bare, folder, null, cancellationToken);
                await StatusLoad.RunAsync(server.Url, Connections, LoadTime, cancellationToken);
                return [server.ResidentMiB];
            },
            warmUps: 0);
    }
}

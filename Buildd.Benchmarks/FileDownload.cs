using System.Diagnostics;
using Buildd.Benchmarks.Harness;
using Buildd.Benchmarks.Peers;

namespace Buildd.Benchmarks;

/// <summary>A master fetches results and logs from the cache: do we serve a file as fast as Kestrel can?</summary>
internal sealed class FileDownload : IBenchmark
{
    public string Question => "How fast is a file of 256 MiB served from /filecache/, against a bare Kestrel program's SendFileAsync of the same file?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        await using var ours = await MeasuredSlave.StartAsync(folder, cancellationToken);
        var file = InputFile.Create(ours.CacheDirectory);
        await using var bare = await BareServer.OfFileAsync(file.Path, file.Bytes, cancellationToken);

        return await Rounds.MeasureAsync(
            [
                new Quantity("download", "MiB/s") { Aim = 0.9 },
                new Quantity("CPU per download with its client", "ms") { IsCost = true },
            ],
            () => DownloadAsync(ours.Url, $"/filecache/{file.Sha1}", file, cancellationToken),
            () => DownloadAsync(bare.Url, "/", file, cancellationToken));
    }

    private static async Task<double[]> DownloadAsync(Uri server, string path, InputFile file, CancellationToken cancellationToken)
    {
        using var connection = await KeptConnection.OpenAsync(server, cancellationToken);
        var request = KeptConnection.Request("GET", server, path);
        var cpu = Environment.CpuUsage.TotalTime;
        var start = Stopwatch.GetTimestamp();
        var length = await connection.SendAsync(request, cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(start);
        return length == file.Bytes
            ? [file.MiB / elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds]
            : throw new BenchmarkException($"a file of {length} bytes came in place of {file.Bytes}");
    }
}

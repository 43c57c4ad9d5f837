using System.Diagnostics;
using Buildd.Benchmarks.Harness;
using Buildd.Benchmarks.Peers;

namespace Buildd.Benchmarks;

/// <summary>A master fetches results and logs from the cache: do we serve a file as fast as a web server that does nothing else?</summary>
internal sealed class FileDownload(PublishedPrograms programs) : IBenchmark
{
    public string Question => "How fast is a file of 1 GiB served from /filecache/, against nginx with sendfile?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        await using var ours = await ServerProcess.StartSlaveAsync(await programs.SlaveAsync(cancellationToken), folder, cancellationToken);
        var file = InputFile.Create(ours.CacheDirectory);
        await using var nginx = await Nginx.StartAsync(folder, ours.CacheDirectory, cancellationToken);

        return await Rounds.MeasureAsync(
            [new Quantity("download", "MiB/s") { Aim = 0.9 }],
            () => DownloadAsync(ours.Url, $"/filecache/{file.Sha1}", cancellationToken),
            nginx is null ? null : () => DownloadAsync(nginx.Url, $"/{file.Sha1}", cancellationToken),
            "nginx");
    }

    /// <summary>Downloads the file and throws it away.</summary>
    /// <returns>The pace in MiB/s.</returns>
    internal static async Task<double[]> DownloadAsync(Uri server, string path, CancellationToken cancellationToken)
    {
        using var connection = await KeptConnection.OpenAsync(server, cancellationToken);
        var request = KeptConnection.Request("GET", server, path);
        var start = Stopwatch.GetTimestamp();
        var length = await connection.SendAsync(request, cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(start);
        return length == InputFile.Bytes
            ? [InputFile.MiB / elapsed.TotalSeconds]
            : throw new BenchmarkException($"a file of {length} bytes came in place of {InputFile.Bytes}");
    }
}

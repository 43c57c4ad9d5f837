using System.Diagnostics;
using Buildd.Benchmarks.Harness;
using Buildd.Benchmarks.Peers;
using Buildd.Master.Results;
using Buildd.Protocol.Client;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Buildd.Benchmarks;

/// <summary>A master brings results home: does it do so as fast as a shell's pipeline that keeps nothing?</summary>
/// <remarks>
/// Ours computes SHA-1 and SHA-256, writes the file, flushes it to the disk and renames its folder; the pipeline computes SHA-1 and
/// throws the file away. The server is in our process, so that it shares the processors with either side.
/// </remarks>
internal sealed class FetchResults : IBenchmark
{
    private const string Pipeline = """curl -sSf --noproxy '*' "$1" | sha1sum""";

    public string Question => "How fast does a master fetch, verify and flush a result of 1 GiB, against curl | sha1sum?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        var file = InputFile.Create(folder);
        await using var source = await BareServer.StartAsync(
            http =>
            {
                if (!http.Request.Path.Value!.EndsWith(file.Sha1, StringComparison.Ordinal))
                {
                    http.Response.StatusCode = StatusCodes.Status404NotFound; // the log
                    return Task.CompletedTask;
                }

                http.Response.ContentLength = InputFile.Bytes;
                return http.Response.SendFileAsync(file.Path, 0, InputFile.Bytes, http.RequestAborted);
            },
            cancellationToken);
        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        var slave = new SlaveClient(http, new SlaveClientOptions { Url = source.Url });
        var root = Directory.CreateDirectory(Path.Combine(folder, "results")).FullName;
        var fetcher = new ResultFetcher(slave, new ResultOptions { Root = root }, TimeProvider.System, NullLogger<ResultFetcher>.Instance);
        var missing = PeerProcess.FindMissing("curl", "sha1sum");

        return await Rounds.MeasureAsync(
            [new Quantity("fetch, verify and flush", "MiB/s") { Aim = 0.8 }],
            () => FetchAsync(fetcher, file, cancellationToken),
            missing is null ? () => PipeAsync(file, source.Url, cancellationToken) : null,
            missing);
    }

    private static async Task<double[]> FetchAsync(ResultFetcher fetcher, InputFile file, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var results = await fetcher.FetchAsync("BENCHMARK-1", new Dictionary<string, string> { ["result"] = file.Sha1 }, cancellationToken: cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(start);
        Directory.Delete(results.Leaf, recursive: true);
        return [InputFile.MiB / elapsed.TotalSeconds];
    }

    private static async Task<double[]> PipeAsync(InputFile file, Uri source, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var output = await PeerProcess.RunAsync("/bin/sh", ["-c", Pipeline, "sh", new Uri(source, file.Sha1).AbsoluteUri], cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(start);
        return output.StartsWith(file.Sha1, StringComparison.Ordinal)
            ? [InputFile.MiB / elapsed.TotalSeconds]
            : throw new BenchmarkException($"the pipeline's sum is wrong: {output}");
    }
}

using System.Diagnostics;
using Buildd.Benchmarks.Harness;
using Buildd.Benchmarks.Peers;
using Buildd.Master;
using Buildd.Protocol;
using Buildd.Protocol.Client;
using Buildd.Protocol.XmlRpc;
using Microsoft.AspNetCore.Http;

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
        var missing = PeerProcess.FindMissing("curl", "sha1sum");

        return await Rounds.MeasureAsync(
            [new Quantity("fetch, verify and flush", "MiB/s") { Aim = 0.8 }],
            () => FetchAsync(new OneBuildSlave(slave, "result", file.Sha1), file, root, cancellationToken),
            missing is null ? () => PipeAsync(file, source.Url, cancellationToken) : null,
            missing);
    }

    /// <summary>Runs a build that has ended at once, and takes the time that the master itself measures for its results.</summary>
    private static async Task<double[]> FetchAsync(OneBuildSlave slave, InputFile file, string root, CancellationToken cancellationToken)
    {
        var gathered = TimeSpan.Zero;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == BuildMaster.MeterName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span => gathered = span.OperationName == "gather" ? span.Duration : gathered,
        };
        ActivitySource.AddActivityListener(listener);
        var input = new Master.Inputs.InputFile { Name = "chroot", Sha1 = Sha1.Parse(file.Sha1), Url = null };
        var job = new Master.Jobs.BuildJob
        {
            Cookie = new BuildCookie("BENCHMARK", 1),
            BuilderTag = "benchmark",
            Chroot = input,
            Arguments = new XmlRpcStruct(),
        };
        var finished = await BuildMaster.RunOneAsync(slave, job, new MasterOptions { Root = root }, cancellationToken: cancellationToken);
        if (!finished.Succeeded)
            throw new BenchmarkException($"the build ended otherwise: {finished.Build.Reason}");
        Directory.Delete(Path.Combine(root, "incoming", finished.Build.Leaf!), recursive: true);
        return [InputFile.MiB / gathered.TotalSeconds];
    }

    private static async Task<double[]> PipeAsync(InputFile file, Uri source, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var output =
            await PeerProcess.RunAsync("/bin/sh", ["-c", Pipeline, "sh", new Uri(source, file.Sha1).AbsoluteUri], cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(start);
        return output.StartsWith(file.Sha1, StringComparison.Ordinal)
            ? [InputFile.MiB / elapsed.TotalSeconds]
            : throw new BenchmarkException($"the pipeline's sum is wrong: {output}");
    }
}

using System.Diagnostics;
using Buildd.Benchmarks.Harness;
using Buildd.Benchmarks.Peers;
using Buildd.Protocol.Messages;

namespace Buildd.Benchmarks;

/// <summary>A slave fetches chroots and sources before a build: does it do so as fast as a shell's pipeline?</summary>
/// <remarks>
/// The pipeline's time includes the start of its programs, some 10 ms. Its pace is that of four programs passing everything
/// through pipes on the same two cores, not that of the sum: with openssl in place of sha1sum it was hardly faster.
/// </remarks>
internal sealed class EnsurePresent : IBenchmark
{
    private const string Pipeline = """curl -sSf --noproxy '*' "$1" | tee "$2" | sha1sum""";

    public string Question => "How fast does ensurepresent fetch and verify 1 GiB from the loopback, against curl | tee file | sha1sum?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        var file = InputFile.Create(folder);
        await using var source = await BareServer.OfFileAsync(file.Path, InputFile.Bytes, cancellationToken);
        await using var slave = await MeasuredSlave.StartAsync(folder, cancellationToken);
        var missing = PeerProcess.FindMissing("curl", "tee", "sha1sum");

        return await Rounds.MeasureAsync(
            [new Quantity("fetch and verify", "MiB/s") { Aim = 0.8 }],
            () => FetchAsync(slave, file, source.Url, cancellationToken),
            missing is null ? () => PipeAsync(file, source.Url, Path.Combine(folder, "copy"), cancellationToken) : null,
            missing);
    }

    private static async Task<double[]> FetchAsync(MeasuredSlave slave, InputFile file, Uri source, CancellationToken cancellationToken)
    {
        File.Delete(Path.Combine(slave.CacheDirectory, file.Sha1));
        var start = Stopwatch.GetTimestamp();
        var reply = await slave.Client.EnsurePresentAsync(
            new EnsurePresentCall { Sha1 = file.Sha1, Url = source.AbsoluteUri }, cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(start);
        return reply is { Present: true, Info: "Download" }
            ? [InputFile.MiB / elapsed.TotalSeconds]
            : throw new BenchmarkException($"ensurepresent answered: {reply}");
    }

    private static async Task<double[]> PipeAsync(InputFile file, Uri source, string copy, CancellationToken cancellationToken)
    {
        File.Delete(copy);
        var start = Stopwatch.GetTimestamp();
        var output = await PeerProcess.RunAsync(
            "/bin/sh", ["-c", Pipeline, "sh", source.AbsoluteUri, copy], cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(start);
        return output.StartsWith(file.Sha1, StringComparison.Ordinal)
            ? [InputFile.MiB / elapsed.TotalSeconds]
            : throw new BenchmarkException($"the pipeline's sum is wrong: {output}");
    }
}

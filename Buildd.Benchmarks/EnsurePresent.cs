using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Buildd.Benchmarks.Harness;
using Buildd.Benchmarks.Peers;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;

namespace Buildd.Benchmarks;

/// <summary>A slave fetches chroots and sources before a build: does it do so as fast, and at the same cost, as simpler programs?</summary>
/// <remarks>
/// There are three peers. <c>curl | tee file | sha1sum</c> is what a shell would do; its pace is that of three programs that pass
/// everything through pipes on the same cores. <c>curl -o file; sha1sum file</c> writes the file and reads it back; its processor
/// time is that of both programs. Debian 12's sha1sum has no use for a processor that computes SHA-1 itself, as OpenSSL, and so
/// the slave, has: the strictest peer is <see cref="PlainFetch"/>, which receives, sums up with the same OpenSSL and writes, in one loop.
/// </remarks>
internal sealed partial class EnsurePresent(PublishedPrograms programs) : IBenchmark
{
    /// <summary>Not more than 1.15 times the peer's processor time.</summary>
    private const double AgreedCpuAim = 1 / 1.15;

    private const string Pipeline = """curl -sSf --noproxy '*' "$1" | tee "$2" | sha1sum""";

    /// <summary>The second line of <c>times</c> is what the programs used, not the shell.</summary>
    private const string Programs = """curl -sSf --noproxy '*' -o "$2" "$1" && sha1sum "$2" && times""";

    public string Question =>
        "How fast, and with how much processor time, does ensurepresent fetch and verify 1 GiB, against curl, sha1sum and a plain loop?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        var file = InputFile.Create(folder);
        var copy = Path.Combine(folder, "copy");
        await using var source = await BareServer.OfFileAsync(file.Path, InputFile.Bytes, cancellationToken);
        await using var slave = await ServerProcess.StartSlaveAsync(
            await programs.SlaveAsync(cancellationToken), folder, cancellationToken);
        var missing = PeerProcess.FindMissing("curl", "tee", "sha1sum");

        return
        [
            .. await Rounds.MeasureAsync(
                [new Quantity("fetch and verify, against curl, tee and sha1sum", "MiB/s") { Aim = 0.8 }],
                FetchAsync,
                missing is null ? PipeAsync : null,
                missing),
            .. await Rounds.MeasureAsync(
                [new Quantity("its CPU, against curl and sha1sum", "s") { IsCost = true, Aim = AgreedCpuAim }],
                FetchCpuAsync,
                missing is null ? ProgramsAsync : null,
                missing),
            .. await Rounds.MeasureAsync(
                [new Quantity("its CPU, against a plain loop", "s") { IsCost = true, Aim = AgreedCpuAim }],
                FetchCpuAsync,
                PlainAsync),
        ];

        async Task<double[]> FetchAsync()
        {
            var start = Stopwatch.GetTimestamp();
            await EnsurePresent.FetchAsync(slave, file, source.Url, cancellationToken);
            return [InputFile.MiB / Stopwatch.GetElapsedTime(start).TotalSeconds];
        }

        async Task<double[]> FetchCpuAsync()
        {
            var before = slave.CpuTime;
            await EnsurePresent.FetchAsync(slave, file, source.Url, cancellationToken);
            return [(slave.CpuTime - before).TotalSeconds];
        }

        async Task<double[]> PipeAsync()
        {
            var start = Stopwatch.GetTimestamp();
            await ShellAsync(Pipeline);
            return [InputFile.MiB / Stopwatch.GetElapsedTime(start).TotalSeconds];
        }

        async Task<double[]> ProgramsAsync()
        {
            var times = TimesLine().Match(await ShellAsync(Programs));
            return times.Success
                ? [Seconds(times.Groups[1]) * 60 + Seconds(times.Groups[2]) + Seconds(times.Groups[3]) * 60 + Seconds(times.Groups[4])]
                : throw new BenchmarkException("the shell's 'times' could not be understood");
        }

        async Task<double[]> PlainAsync()
        {
            File.Delete(copy);
            var output = await PeerProcess.RunAsync(
                "dotnet",
                ["exec", typeof(PlainFetch).Assembly.Location, PlainFetch.Argument, source.Url.AbsoluteUri, copy],
                cancellationToken);
            return output.Trim().Split(' ') is [var sha1, var seconds] && sha1 == file.Sha1
                ? [double.Parse(seconds, CultureInfo.InvariantCulture)]
                : throw new BenchmarkException($"the plain loop answered: {output}");
        }

        async Task<string> ShellAsync(string script)
        {
            File.Delete(copy);
            var output = await PeerProcess.RunAsync("/bin/sh", ["-c", script, "sh", source.Url.AbsoluteUri, copy], cancellationToken);
            return output.StartsWith(file.Sha1, StringComparison.Ordinal)
                ? output
                : throw new BenchmarkException($"the shell's sum is wrong: {output}");
        }
    }

    /// <summary>Has a slave fetch the file, which it does not have then.</summary>
    internal static async Task FetchAsync(ServerProcess slave, InputFile file, Uri source, CancellationToken cancellationToken)
    {
        File.Delete(Path.Combine(slave.CacheDirectory, file.Sha1));
        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        var client = new SlaveClient(http, new SlaveClientOptions { Url = slave.Url });
        var call = new EnsurePresentCall { Sha1 = file.Sha1, Url = source.AbsoluteUri };
        var reply = await client.EnsurePresentAsync(call, cancellationToken);
        if (reply is not { Present: true, Info: "Download" })
            throw new BenchmarkException($"ensurepresent answered: {reply}");
    }

    private static double Seconds(Group figure) => double.Parse(figure.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*\z", RegexOptions.Multiline)]
    private static partial Regex TimesLine();
}

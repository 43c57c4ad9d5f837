using System.Diagnostics;
using System.Globalization;
using Buildd.Benchmarks.Harness;
using Buildd.Benchmarks.Peers;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Builds;

namespace Buildd.Benchmarks;

/// <summary>All that a build says goes through us into its log: does that hold the build up? And what does a step cost to start?</summary>
/// <remarks>
/// Ours is the real build log of a build on a slave, with a secret to look for among the build's arguments and a URL in each
/// line. The peer is <c>cat</c> in a pipe: it has to read and write as we do, and nothing else. The child is the same for both,
/// and writes faster than any compiler.
/// </remarks>
internal sealed class ProcessOutput : IBenchmark
{
    private const int MiB = 1024;
    private const long Bytes = MiB * 1024L * 1024;
    private const long PacedBytes = 200_000_000;
    private const long PacedRate = 100_000_000;
    private const int Launches = 50;

    /// <summary>
    /// What a slave may add to a log in lines of its own, or hold back at the end of the output as the beginning of a secret.
    /// </summary>
    private const int Tolerance = 1024;

    /// <summary>Writes so many bytes of lines, at so many bytes a second or as fast as it can (0).</summary>
    private const string Child =
        """
        use Time::HiRes qw(time); my ($total, $rate) = @ARGV; my ($done, $start) = (0, time);
        my $line = "Get:1 http://deb.debian.org/debian bookworm/main amd64 gcc-12 amd64 12.2.0-14 [19.5 MB] -O2 -Wall\n";
        my $piece = substr($line x 656, 0, 65536);
        while ($done < $total) {
            my $left = $total - $done; $done += syswrite(STDOUT, $piece, $left < 65536 ? $left : 65536) or die $!;
            if ($rate) { my $ahead = $start + $done / $rate - time; select(undef, undef, undef, $ahead) if $ahead > 0; }
        }
        """;

    public string Question =>
        "What does a child's output of 1 GiB into a sanitised log cost against cat > file, and a launch against one by CliWrap?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        var backend = new MeasuringBackend();
        await using var slave = await MeasuredSlave.StartAsync(folder, cancellationToken, backend);
        await File.WriteAllBytesAsync(Path.Combine(slave.CacheDirectory, MeasuringBackend.ChrootSha1), [], cancellationToken);
        await using var scope = ProcessScope.Open("launches"); // one for all, as a build has
        var file = Path.Combine(folder, "redirected");
        return
        [
            .. await Rounds.MeasureAsync(
                [new Quantity("log ingest of 1 GiB from a child, sanitiser on", "MiB/s") { Aim = 0.3 }],
                async () => [MiB / (await backend.BuildAsync(slave, Bytes, 0, cancellationToken)).Elapsed.TotalSeconds],
                async () => [MiB / (await PipeAsync(file, Bytes, 0, cancellationToken)).Elapsed.TotalSeconds]),
            .. await Rounds.MeasureAsync(
                [new Quantity("its CPU time at 100 MB/s, of a core (aim: below 50)", "%") { IsCost = true }],
                async () => [Share(await backend.BuildAsync(slave, PacedBytes, PacedRate, cancellationToken))],
                async () => [Share(await PipeAsync(file, PacedBytes, PacedRate, cancellationToken))]),
            .. await Rounds.MeasureAsync(
                [new Quantity($"launch of true ({(scope.HasControlGroup ? "in a" : "without")} control group)", "ms") { IsCost = true }],
                () => LaunchAsync(() => ProcessRunner.RunAsync(Command.Of("true"), _ => { }, scope, cancellationToken)),
                () => LaunchAsync(() => PeerProcess.RunAsync("true", [], cancellationToken))),
        ];
    }

    private static double Share((TimeSpan Elapsed, TimeSpan Cpu) run) => 100 * run.Cpu / run.Elapsed;

    private static async Task<(
        TimeSpan Elapsed, TimeSpan Cpu)> PipeAsync(string path, long bytes, long rate, CancellationToken cancellationToken)
    {
        File.Delete(path);
        var start = Stopwatch.GetTimestamp();
        var times = await PeerProcess.RunAsync(
            "/bin/bash",
            ["-c", "perl -e \"$1\" \"$2\" \"$3\" | { TIMEFORMAT='%3U %3S'; time cat > \"$4\"; } 2>&1", "bash", Child, $"{bytes}", $"{rate}",
                path],
            cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(start);
        Check(new FileInfo(path).Length, bytes);
        return (elapsed, TimeSpan.FromSeconds(times.Split(' ').Sum(time => double.Parse(time, CultureInfo.InvariantCulture))));
    }

    private static async Task<double[]> LaunchAsync(Func<Task> launch)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < Launches; i++)
            await launch();
        return [Stopwatch.GetElapsedTime(start).TotalMilliseconds / Launches];
    }

    private static void Check(long length, long bytes)
    {
        if (Math.Abs(length - bytes) > Tolerance)
            throw new BenchmarkException($"{length} bytes arrived in place of {bytes}");
    }

    /// <summary>Its builds run the child and note how long that took.</summary>
    private sealed class MeasuringBackend : IBuildBackend, IBuild
    {
        /// <summary>A build needs a chroot; this is the sum of the empty file.</summary>
        internal const string ChrootSha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

        private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

        private TaskCompletionSource<(TimeSpan Elapsed, TimeSpan Cpu)> _measured = new();
        private (long Bytes, long Rate) _child;

        public string Tag => "benchmark";

        public IBuild Prepare(BuildRequest request) => this;

        public async Task<BuildOutcome> RunAsync(IBuildContext context, CancellationToken abort)
        {
            try
            {
                var before = context.Log.Length;
                var cpu = Environment.CpuUsage.TotalTime;
                var start = Stopwatch.GetTimestamp();
                await ProcessRunner.RunAsync(
                    Command.Of("perl", "-e", Child, $"{_child.Bytes}", $"{_child.Rate}"), context.Log.Write, null, abort);
                var elapsed = Stopwatch.GetElapsedTime(start);
                Check(context.Log.Length - before, _child.Bytes);
                _measured.SetResult((elapsed, Environment.CpuUsage.TotalTime - cpu));
                return new BuildOutcome(BuildStatus.Ok);
            }
            catch (Exception e) // whoever waits for the figure has to hear of it
            {
                _measured.SetException(e);
                throw;
            }
        }

        internal async Task<(
            TimeSpan Elapsed, TimeSpan Cpu)> BuildAsync(MeasuredSlave slave, long bytes, long rate, CancellationToken cancellationToken)
        {
            _child = (bytes, rate);
            _measured = new TaskCompletionSource<(TimeSpan Elapsed, TimeSpan Cpu)>(TaskCreationOptions.RunContinuationsAsynchronously);
            var reply = await slave.Client.BuildAsync(
                new BuildCall
                {
                    BuildId = "BENCHMARK-1",
                    Builder = Tag,
                    ChrootSha1 = ChrootSha1,
                    FileMap = new Dictionary<string, string>(),
                    Arguments =
                        new XmlRpcStruct { ["archives"] = new XmlRpcArray(["deb https://buildd:hunter2-hunter3@host/ bookworm main"]) },
                },
                cancellationToken);
            if (reply.Answer != BuildAnswer.Building)
                throw new BenchmarkException($"the build was not taken: {reply}");

            var measured = await _measured.Task.WaitAsync(cancellationToken);
            while ((await slave.Client.StatusAsync(cancellationToken)).Status != BuilderStatus.Waiting)
                await Task.Delay(PollInterval, cancellationToken);
            await slave.Client.CleanAsync(cancellationToken);
            return measured;
        }
    }
}

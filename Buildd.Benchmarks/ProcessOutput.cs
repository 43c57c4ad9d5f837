using System.Diagnostics;
using Buildd.Benchmarks.Harness;
using Buildd.Benchmarks.Peers;
using Buildd.Processes;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Builds;

namespace Buildd.Benchmarks;

/// <summary>All that a build says goes through us into its log: does that hold the build up? And what does a step cost to start?</summary>
/// <remarks>
/// Ours is the real build log of a build on a slave. The shell's redirection has no reader between the child and the file,
/// so this is what following the output costs at most; no compiler writes nearly as fast.
/// </remarks>
internal sealed class ProcessOutput : IBenchmark
{
    private const int MiB = 256;
    private const long Bytes = MiB * 1024L * 1024;
    private const int Launches = 50;

    public string Question => "What does a child's output of 256 MiB cost against a shell's redirection, and a launch against System.Diagnostics.Process?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        var backend = new MeasuringBackend();
        await using var slave = await MeasuredSlave.StartAsync(folder, cancellationToken, backend);
        await File.WriteAllBytesAsync(Path.Combine(slave.CacheDirectory, MeasuringBackend.ChrootSha1), [], cancellationToken);
        await using var scope = ProcessScope.Open("launches"); // one for all, as a build has
        return
        [
            .. await Rounds.MeasureAsync(
                [new Quantity("output of a child into the build log", "MiB/s")],
                () => backend.BuildAsync(slave, cancellationToken),
                () => RedirectAsync(Path.Combine(folder, "redirected"), cancellationToken)),
            .. await Rounds.MeasureAsync(
                [new Quantity($"launch of true ({(scope.HasControlGroup ? "in a" : "without")} control group)", "ms") { IsCost = true }],
                () => LaunchAsync(() => ProcessRunner.RunAsync(Command.Of("true"), _ => { }, scope, cancellationToken)),
                () => LaunchAsync(() => PeerProcess.RunAsync("true", [], cancellationToken))),
        ];
    }

    private static async Task<double[]> RedirectAsync(string path, CancellationToken cancellationToken)
    {
        File.Delete(path);
        var start = Stopwatch.GetTimestamp();
        await PeerProcess.RunAsync("/bin/sh", ["-c", $"head -c {Bytes} /dev/zero > \"$1\"", "sh", path], cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(start);
        Check(new FileInfo(path).Length);
        return [MiB / elapsed.TotalSeconds];
    }

    private static async Task<double[]> LaunchAsync(Func<Task> launch)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < Launches; i++)
            await launch();
        return [Stopwatch.GetElapsedTime(start).TotalMilliseconds / Launches];
    }

    private static void Check(long length)
    {
        if (length != Bytes)
            throw new BenchmarkException($"{length} bytes arrived in place of {Bytes}");
    }

    /// <summary>Its builds run the child and note how long that took.</summary>
    private sealed class MeasuringBackend : IBuildBackend, IBuild
    {
        /// <summary>A build needs a chroot; this is the sum of the empty file.</summary>
        internal const string ChrootSha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

        private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

        private TaskCompletionSource<TimeSpan> _elapsed = new();

        public string Tag => "benchmark";

        public IBuild Prepare(BuildRequest request) => this;

        public async Task<BuildOutcome> RunAsync(IBuildContext context, CancellationToken abort)
        {
            try
            {
                var before = context.Log.Length;
                var start = Stopwatch.GetTimestamp();
                await ProcessRunner.RunAsync(Command.Of("head", "-c", $"{Bytes}", "/dev/zero"), context.Log.Write, null, abort);
                var elapsed = Stopwatch.GetElapsedTime(start);
                Check(context.Log.Length - before);
                _elapsed.SetResult(elapsed);
                return new BuildOutcome(BuildStatus.Ok);
            }
            catch (Exception e) // whoever waits for the figure has to hear of it
            {
                _elapsed.SetException(e);
                throw;
            }
        }

        internal async Task<double[]> BuildAsync(MeasuredSlave slave, CancellationToken cancellationToken)
        {
            _elapsed = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
            var reply = await slave.Client.BuildAsync(
                new BuildCall
                {
                    BuildId = "BENCHMARK-1",
                    Builder = Tag,
                    ChrootSha1 = ChrootSha1,
                    FileMap = new Dictionary<string, string>(),
                    Arguments = new XmlRpcStruct(),
                },
                cancellationToken);
            if (reply.Answer != BuildAnswer.Building)
                throw new BenchmarkException($"the build was not taken: {reply}");

            var elapsed = await _elapsed.Task.WaitAsync(cancellationToken);
            while ((await slave.Client.StatusAsync(cancellationToken)).Status != BuilderStatus.Waiting)
                await Task.Delay(PollInterval, cancellationToken);
            await slave.Client.CleanAsync(cancellationToken);
            return [MiB / elapsed.TotalSeconds];
        }
    }
}

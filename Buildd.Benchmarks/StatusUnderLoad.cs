using System.Net.Sockets;
using System.Text;
using Buildd.Benchmarks.Harness;
using Buildd.Benchmarks.Peers;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Builds;

namespace Buildd.Benchmarks;

/// <summary>A master must not take a busy slave for a dead one: how long does status take while the slave does something large?</summary>
/// <remarks>
/// Slave, client and the load's own source share this machine's processors, so the time includes waiting for one. The
/// peer is the same slave with nothing to do, asked in turns with the busy one.
/// </remarks>
internal sealed class StatusUnderLoad : IBenchmark
{
    /// <summary>Less than five times the idle slave's time.</summary>
    private const double AgreedAim = 1.0 / 5;

    private const int ProducedMiBPerSecond = 50;

    private const int SlowClients = 500;

    /// <summary>A master's calls are never this close together; it makes enough of them to find the hundredth.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan RoundTime = TimeSpan.FromSeconds(2);

    public string Question =>
        "How long does status take while a slave fetches, logs, gathers or has slow clients, against the same slave idle?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        var backend = new BusyBackend();
        await using var slave = await MeasuredSlave.StartAsync(folder, cancellationToken, backend);
        await File.WriteAllBytesAsync(Path.Combine(slave.CacheDirectory, BusyBackend.ChrootSha1), [], cancellationToken);
        var file = InputFile.Create(folder);
        await using var source = await BareServer.OfFileAsync(file.Path, InputFile.Bytes, cancellationToken);
        backend.ResultSource = file.Path;

        return
        [
            await AgainstIdleAsync("fetching 1 GiB", stop => FetchAsync(slave, file, source.Url, stop)),
            await AgainstIdleAsync(
                $"a build logs {ProducedMiBPerSecond} MiB/s", stop => BuildAsync(slave, BusyBackend.LogAsync, backend, stop)),
            await AgainstIdleAsync("gathering 1 GiB", stop => BuildAsync(slave, backend.GatherAsync, backend, stop)),
            await AgainstIdleAsync($"{SlowClients} clients that send a byte a second", stop => DripAsync(slave.Url, stop)),
        ];

        async Task<Row> AgainstIdleAsync(string what, Func<CancellationToken, Task> load) => (await Rounds.MeasureAsync(
            [new Quantity($"99 of 100 calls within, {what}", "µs") { IsCost = true, Aim = AgreedAim }],
            async () =>
            {
                using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                var busy = load(stop.Token);
                var p99 = await AskAsync();
                if (busy.IsCompleted)
                    await busy; // throws: it is to go on until it is told to stop
                await stop.CancelAsync();
                await busy.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return [p99];
            },
            async () => [await AskAsync()]))[0];

        async Task<double> AskAsync() => (await StatusLoad.RunAsync(slave.Url, 1, RoundTime, cancellationToken, Pause)).P99;
    }

    private static async Task FetchAsync(MeasuredSlave slave, InputFile file, Uri source, CancellationToken stop)
    {
        while (true)
        {
            File.Delete(Path.Combine(slave.CacheDirectory, file.Sha1));
            var reply = await slave.Client.EnsurePresentAsync(new EnsurePresentCall { Sha1 = file.Sha1, Url = source.AbsoluteUri }, stop);
            if (reply.Info != "Download")
                throw new BenchmarkException($"ensurepresent answered: {reply}");
        }
    }

    private static async Task BuildAsync(
        MeasuredSlave slave, Func<IBuildContext, CancellationToken, Task> work, BusyBackend backend, CancellationToken stop)
    {
        backend.Work = work;
        var reply = await slave.Client.BuildAsync(
            new BuildCall
            {
                BuildId = "BENCHMARK-1",
                Builder = backend.Tag,
                ChrootSha1 = BusyBackend.ChrootSha1,
                FileMap = new Dictionary<string, string>(),
                Arguments = new XmlRpcStruct(),
            },
            CancellationToken.None);
        if (reply.Answer != BuildAnswer.Building)
            throw new BenchmarkException($"the build was not taken: {reply}");
        try
        {
            await Task.Delay(Timeout.Infinite, stop);
        }
        finally
        {
            await slave.Client.AbortAsync(CancellationToken.None);
            while ((await slave.Client.StatusAsync(CancellationToken.None)).Status != BuilderStatus.Waiting)
                await Task.Delay(10, CancellationToken.None);
            await slave.Client.CleanAsync(CancellationToken.None);
        }
    }

    /// <summary>Half of them never come to the end of a request's head, the others to that of its body.</summary>
    private static async Task DripAsync(Uri slave, CancellationToken stop)
    {
        var clients = new List<Socket>();
        try
        {
            for (var i = 0; i < SlowClients; i++)
            {
                var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                clients.Add(client);
                await client.ConnectAsync(slave.Host, slave.Port, stop);
                await client.SendAsync(
                    Encoding.ASCII.GetBytes(
                        "POST /rpc HTTP/1.1\r\nHost: x\r\n" + (i % 2 == 0 ? "X-Slow: " : "Content-Length: 10000\r\n\r\n<")), stop);
            }

            while (true)
            {
                foreach (var client in clients)
                    await client.SendAsync("x"u8.ToArray(), stop);
                await Task.Delay(TimeSpan.FromSeconds(1), stop);
            }
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    /// <summary>Its builds go on with one thing until they are aborted.</summary>
    private sealed class BusyBackend : IBuildBackend, IBuild
    {
        /// <summary>A build needs a chroot; this is the sum of the empty file.</summary>
        internal const string ChrootSha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

        public string Tag => "benchmark";

        internal string ResultSource { get; set; } = "";

        internal Func<IBuildContext, CancellationToken, Task> Work { get; set; } = (_, _) => Task.CompletedTask;

        public IBuild Prepare(BuildRequest request) => this;

        public async Task<BuildOutcome> RunAsync(IBuildContext context, CancellationToken abort)
        {
            await Work(context, abort);
            return new BuildOutcome(BuildStatus.Ok);
        }

        /// <summary>A child that writes lines at a steady pace, through the pump that every step's output takes.</summary>
        internal static Task<ProcessResult> LogAsync(IBuildContext context, CancellationToken abort) => ProcessRunner.RunAsync(
            Command.Of(
                "sh", "-c",
                $"while :; do yes 'a line as compilers write them' | head -c {ProducedMiBPerSecond * 1024 * 1024 / 20}; sleep 0.05; done"),
            context.Log.Write, null, abort);

        internal async Task GatherAsync(IBuildContext context, CancellationToken abort)
        {
            while (true)
            {
                var result = Path.Combine(context.Directory, "result");
                await PeerProcess.RunAsync("cp", ["--reflink=auto", ResultSource, result], abort);
                await context.AddResultAsync(result, "result", abort);
            }
        }
    }
}

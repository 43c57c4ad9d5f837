using System.Text;
using Buildd.Daemon.Security;
using Buildd.IntegrationTests.Support;
using Buildd.IntegrationTests.Wire.Fuzzing;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;
using Buildd.Testing.Runs;
using Buildd.Testing.Wire;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Wire;

/// <summary>
/// Requests that nobody means well by, while builds come and go: the slave answers or hangs up, keeps no memory, and still knows
/// what it does. What they have found is in <see cref="FuzzFindsTests"/>.
/// </summary>
[TestFixture]
[NonParallelizable] // it measures the memory of the process
[CancelAfter(7_200_000)] // the full length
public sealed class FuzzTests
{
    /// <summary>The memory is looked at after each so many; after the first, everything has been compiled.</summary>
    private const int Wave = 10_000;

    /// <summary>
    /// Pools fill up at first, a machine's load decides how fast: more is sent until a wave comes that they need nothing for, and at the
    /// most so much more. What leaks needs something for every wave, and is found out here.
    /// </summary>
    private const int MaxMore = 16 * Wave;

    private const int Clients = 16;

    /// <summary>
    /// What the heap may have grown by in the wave in which it grew least, after a full collection: 200 bytes for each request.
    /// Pools grow too, by much more, but not in every wave; what leaks does.
    /// </summary>
    private const long MaxHeapGrowth = 2 << 20;

    /// <summary>What the process may have grown by after the first wave: what is freed is not all given back.</summary>
    private const long MaxWorkingSetGrowth = 64 << 20;

    /// <summary>Sockets that are still being closed, and the runtime's own.</summary>
    private const int MaxMoreDescriptors = 64;

    private const string Chroot = "c1d80674d731fd6af61ded171202b8424147b17b";

    [Test]
    [Category(LongRun.Category)]
    public async Task Hostile_requests_do_no_harm(CancellationToken timeout)
    {
        using var run = LongRun.Begin("hostile requests", sample: 2 * Wave, full: 100 * Wave);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout, run.Interrupted);
        var (cancellationToken, seed) = (either.Token, run.Seed);
        using var errors = new ErrorLog();
        await using var files = await FileServer.StartAsync();
        RestlessBackend[] backends = [new(WireNames.Managers.BinaryPackage), new(WireNames.Managers.LiveFs)];
        await using var slave = await SlaveInProcess.StartAsync(new SecurityOptions(), logsToFile: true, configure: options =>
        {
            options.Backends.Clear();
            foreach (IBuildBackend backend in backends)
                options.Backends.Add(backend);
            options.Cache = options.Cache with { AllowedHosts = [files.Url.Authority] }; // nothing is to be asked of others
        });
        slave.Services.GetRequiredService<ILoggerFactory>().AddProvider(errors);
        await File.WriteAllTextAsync(Path.Combine(slave.CacheDirectory, Chroot), "stands for a chroot", cancellationToken);
        var mutator = new RequestMutator(
            Corpus(
                files.Url), ["/rpc", "/RPC2", "/rpc/", "/filecache/buildlog", $"/filecache/{Chroot}", "/filecache/", "/", "/metrics",
                "/healthz", "/log/stream"], seed);
        var tally = new FuzzTally();

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var states = KeepBuildingAsync(slave.Client, stop.Token);
        var sizes = new List<Size>();
        var sent = 0;
        while (sent < run.Rounds || (sent < run.Rounds + MaxMore && sizes[^1].Heap - sizes[^2].Heap >= MaxHeapGrowth))
        {
            await SendAsync(sent, sent += Wave);
            sizes.Add(Measure());
            run.Done(sent);
        }

        await stop.CancelAsync();
        var seen = await states;
        await BringToRestAsync(slave.Client, cancellationToken);

        await TestContext.Out.WriteLineAsync(
            $"fuzz: {tally}  builds: {backends.Sum(backend => backend.Builds)}, states seen: {string.Join(' ', seen.Order())}");
        foreach (var (answer, count) in tally.Answers)
            run.Count(answer, count);
        run.Remark($"after {Wave} requests {sizes[0]}, after all {sizes[^1]}");
        Assert.Multiple(() =>
        {
            Assert.That(tally.Wrong, Is.Empty, $"seed {seed}");
            Assert.That(errors.Errors, Is.Empty, $"seed {seed}");
            Assert.That(tally.Requests, Is.EqualTo(sent));
            Assert.That(seen, Is.EquivalentTo(Enum.GetValues<BuilderStatus>()));
            Assert.That(
                Directory.GetFileSystemEntries(slave.RootDirectory)
                    .Select(Path.GetFileName), Is.EquivalentTo(new[] { "filecache", "home", "slave.log" }),
                "no path led out of the slave's folders");
        });
        await RequireOneGoodBuildAsync(slave, cancellationToken);

        Assert.That(sizes.Zip(sizes.Skip(1), (before, after) => after.Heap - before.Heap).Min(), Is.LessThan(MaxHeapGrowth));
        Assert.That(sizes[^1].WorkingSet - sizes[0].WorkingSet, Is.LessThan(MaxWorkingSetGrowth));
        await Until.TrueAsync(
            () => Measure().Descriptors - sizes[0].Descriptors < MaxMoreDescriptors,
            TimeSpan.FromMinutes(10),
            () => "sockets or files stay open");

        async Task SendAsync(int from, int to)
        {
            var next = from - 1;
            await Parallel.ForAsync(0, Clients, new ParallelOptions
            {
                MaxDegreeOfParallelism = Clients,
                CancellationToken = cancellationToken
            }, async (_, token) =>
            {
                using var client = new FuzzClient(slave.Url.Port, tally);
                for (int number; (number = Interlocked.Increment(ref next)) < to;)
                {
                    var request = mutator.Make(number, out var mutation);
                    await client.SendAsync(number, mutation, request, token);
                }
            });
        }
    }

    private static Size Measure()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        // else the heap keeps pages that it has freed
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return new Size(GC.GetTotalMemory(forceFullCollection: true), Environment.WorkingSet, Directory.GetFiles("/proc/self/fd").Length);
    }

    /// <summary>The recorded requests, and some that change this slave's state or make it fetch.</summary>
    private static List<byte[]> Corpus(Uri files)
    {
        string[] calls =
        [
            $"<methodName>build</methodName><params><param><value>1-2</value></param><param><value>binarypackage</value></param>"
                + $"<param><value>{Chroot}</value></param>"
                + "<param><value><struct></struct></value></param><param><value><struct></struct></value></param></params>",
            "<methodName>abort</methodName>",
            "<methodName>clean</methodName>",
            "<methodName>status</methodName>",
            $"<methodName>ensurepresent</methodName><params><param><value>{new string('0', 40)}</value></param>"
                + $"<param><value>{files}none</value></param>"
                + "<param><value>user</value></param><param><value>secret</value></param></params>",
        ];
        return
        [
            .. WireCase.All.Select(exchange => exchange.Request).Where(request => request.Length > 0),
            .. calls.Select(call => $"<methodCall>{call}</methodCall>").Select(body => Encoding.ASCII.GetBytes(
                $"POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: {body.Length}\r\n\r\n{body}")),
        ];
    }

    /// <summary>A master at work beside the hostile clients, whose calls start, abort and clean builds too.</summary>
    /// <returns>The states that it saw.</returns>
    private static async Task<HashSet<BuilderStatus>> KeepBuildingAsync(SlaveClient client, CancellationToken stop)
    {
        var seen = new HashSet<BuilderStatus>();
        for (var round = 0; !stop.IsCancellationRequested; round++)
        {
            try
            {
                var status = (await client.StatusAsync(CancellationToken.None)).Status;
                seen.Add(status);
                if (status == BuilderStatus.Idle)
                    await client.BuildAsync(Build($"MASTER-{round}"), CancellationToken.None);
                else if (status == BuilderStatus.Waiting)
                    await client.CleanAsync(CancellationToken.None);
                else if (status == BuilderStatus.Building && round % 3 == 0)
                    await client.AbortAsync(CancellationToken.None);
            }
            catch (SlaveFaultException)
            {
                // another client was quicker
            }
        }

        return seen;
    }

    private static BuildCall Build(string id) => new()
    {
        BuildId = id,
        Builder = WireNames.Managers.LiveFs,
        ChrootSha1 = Chroot,
        FileMap = new Dictionary<string, string>(),
        Arguments = [],
    };

    private static async Task BringToRestAsync(SlaveClient client, CancellationToken cancellationToken)
    {
        while (await client.StatusAsync(cancellationToken) is { Status: not BuilderStatus.Idle } status)
        {
            if (status.Status == BuilderStatus.Waiting)
                await client.CleanAsync(cancellationToken);
            await Task.Delay(5, cancellationToken);
        }
    }

    private static async Task RequireOneGoodBuildAsync(SlaveInProcess slave, CancellationToken cancellationToken)
    {
        BuildStatus? end;
        do
        {
            await slave.Client.BuildAsync(Build("LAST-1"), cancellationToken);
            var status = await Until.SeenAsync(
                () => slave.Client.StatusAsync(cancellationToken), seen => seen.Status == BuilderStatus.Waiting);
            Assert.That(status.BuildId, Is.EqualTo("LAST-1"));
            end = status.BuildStatus;
            if (end == BuildStatus.Ok)
            {
                await using var file =
                    await slave.Client.OpenFileAsync(status.FileMap!["result.txt"], cancellationToken: cancellationToken);
                using var reader = new StreamReader(file.Content);
                Assert.That(await reader.ReadToEndAsync(cancellationToken), Does.StartWith("the result of build "));
            }

            Assert.That((await slave.Client.CleanAsync(cancellationToken)).Status, Is.EqualTo(BuilderStatus.Idle));
        }
        while (end != BuildStatus.Ok);

        Assert.That(Directory.GetFileSystemEntries(slave.WorkDirectory, "build-*"), Is.Empty);
    }

    private sealed record Size(long Heap, long WorkingSet, int Descriptors)
    {
        public override string ToString() => $"heap {Heap >> 20} MiB, working set {WorkingSet >> 20} MiB, {Descriptors} descriptors";
    }
}

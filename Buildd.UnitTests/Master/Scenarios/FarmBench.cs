using System.Collections.Concurrent;
using Buildd.Master;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Choosing;
using Buildd.Master.Inputs;
using Buildd.Master.Jobs;
using Buildd.Master.Jobs.Packages;
using Buildd.Master.Notification;
using Buildd.Master.Results;
using Buildd.Testing.Files;
using Buildd.UnitTests.Testing;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Scenarios;

/// <summary>
/// A farm for tests: a real master with slaves on real sockets, and a clock that moves only while everything waits for it,
/// so that hours pass in a moment and no call times out by a busy machine.
/// </summary>
internal sealed class FarmBench : IAsyncDisposable, IUploadSink, INotifier, ILoggerFactory, ILogger
{
    private readonly TemporaryDirectory _root = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly List<SocketSlave> _slaves = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _stopFormer = new();
    private Task _running = Task.CompletedTask;

    public FarmBench()
    {
        Builds = new InMemoryBuilds(Time);
        Builders = new InMemoryBuilders(Time);
        Options = new MasterOptions { Root = _root.Path, FairShare = new FairShareOptions { Enabled = false } };
        Inputs.AddChroot("bookworm", "amd64", Replies.Input("chroot.tar.gz"));
        Inputs.AddFile(Replies.Input("hello.dsc"));
    }

    public ManualTimeProvider Time { get; } = new();

    public InMemoryBuilds Builds { get; }

    public InMemoryBuilders Builders { get; }

    public InMemoryInputs Inputs { get; } = new();

    public MasterOptions Options { get; set; }

    public IReadOnlyList<IJobKind> Kinds { get; set; } = [new PackageJobKind()];

    public Func<IBuildRecords, IBuildRecords> Between { get; set; } = records => records;

    /// <summary>What stands between masters and the queue.</summary>
    public Func<IQueuedBuilds, IQueuedBuilds> BetweenQueue { get; set; } = queue => queue;

    public long FreeBytes { get; set; } = long.MaxValue;

    public long TotalBytes { get; set; } = long.MaxValue;

    /// <summary>Where in the interval a look comes that follows on what many agents do at once; 1 for its end.</summary>
    public Func<double> Spread { get; set; } = () => 1;

    public BuildMaster Master { get; private set; } = null!;

    public string Root => _root.Path;

    public ConcurrentQueue<LandedUpload> Landed { get; } = new();

    public ConcurrentQueue<string> Told { get; } = new();

    public IEnumerable<string> Log => _log;

    public DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>Makes a slave, and a builder for it.</summary>
    public async Task<SocketSlave> AddAsync(string name, Func<Builder, Builder>? change = null)
    {
        var slave = await SocketSlave.StartAsync();
        _slaves.Add(slave);
        var builder = new Builder { Name = name, Url = slave.Url, Processors = ["amd64"], Manual = false };
        Assert.That(await Builders.TryAddAsync(change?.Invoke(builder) ?? builder), Is.Not.Null);
        return slave;
    }

    /// <summary>Adds a build of a package.</summary>
    public async Task<Build> QueueAsync(Func<NewBuild, NewBuild>? change = null)
    {
        var build = new PackageSpecification
        {
            Source = "hello",
            Version = "2.10-3",
            Series = "bookworm",
            ArchTag = "amd64",
            Files = [new SourceFile("hello.dsc")],
            Binaries = ["hello"],
        }
            .ToNewBuild(score: 2505);
        return (await Builds.AddAsync([change?.Invoke(build) ?? build]))[0];
    }

    public BuildMaster Make() => Master = new BuildMaster(
        Options,
        new BuildMasterParts
        {
            Builders = Builders,
            Builds = Between(Builds),
            Queue = BetweenQueue(Builds),
            Inputs = Inputs,
            Uploads = this,
            Notifier = this,
            Kinds = Kinds,
        },
        Time, this, _ => FreeBytes, () => Spread(), _ => TotalBytes);

    /// <summary>Another master of the same farm, which is not the one that the bench waits for.</summary>
    public BuildMaster MakeSecond(string name)
    {
        var first = Master;
        Options = Options with { Name = name };
        var second = Make();
        Master = first;
        return second;
    }

    /// <summary>Starts another master, and then ends the former, which is cut off from the store.</summary>
    public async Task HandToNextAsync(BuildMaster former)
    {
        var running = _running;
        Start();
        await _stopFormer.CancelAsync();
        await running;
        await former.DisposeAsync();
        Time.Advance(Options.LeaseDuration);
        Master.Refresh();
    }

    public void Start()
    {
        if (Master is null || _running != Task.CompletedTask)
            Make();
        var stop = _running == Task.CompletedTask ? _stopFormer : _stop; // each master has its own
        _running = Master!.RunAsync(stop.Token);
    }

    public async Task StopAsync()
    {
        await _stopFormer.CancelAsync();
        await _stop.CancelAsync();
        await _running;
        await Master.DisposeAsync();
    }

    public Task<Build> FindAsync(Build build) => Builds.FindAsync(build.Id)!;

    public async Task<Builder> FindAsync(string builder) => (await Builders.FindAsync(builder))!;

    /// <summary>Lets time pass until something is so.</summary>
    public async Task UntilAsync(Func<Task<bool>> condition)
    {
        var (end, real) = (Now.AddDays(30), System.Diagnostics.Stopwatch.StartNew());
        while (!await condition())
        {
            if (_running.IsFaulted)
                await _running;
            Assert.That(
                (Now < end, real.Elapsed < TimeSpan.FromMinutes(4)), Is.EqualTo((true, true)), () =>
                    "it never came to that: " + string.Join('\n', _log.TakeLast(40)));
            if (Master.IsQuiet)
                Time.Advance(TimeSpan.FromSeconds(1));
            else
                await Task.Delay(1);
        }
    }

    public Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    public async Task<Build> UntilAsync(Build build, BuildState state)
    {
        await UntilAsync(async () => (await FindAsync(build)).State == state);
        return await FindAsync(build);
    }

    /// <summary>Lets so much time pass, everything being done that comes due in it.</summary>
    public Task PassAsync(TimeSpan time)
    {
        var end = Now + time;
        return UntilAsync(() => Now >= end && Master.IsQuiet);
    }

    public string LogText(Build build)
    {
        using var log = Master.Logs.OpenStored(build) ?? Master.Logs.OpenRunning(build);
        return log is null ? "" : new StreamReader(log).ReadToEnd();
    }

    public IReadOnlyList<string> Leaves(string folder) =>
        [.. Directory.GetDirectories(_root[folder]).Select(path => Path.GetFileName(path)!).Order()];

    public async ValueTask DisposeAsync()
    {
        if (Master is not null)
            await StopAsync();
        foreach (var slave in _slaves)
            await slave.DisposeAsync();
        _stop.Dispose();
        _stopFormer.Dispose();
        _root.Dispose();
    }

    Task IUploadSink.LandedAsync(LandedUpload upload, CancellationToken cancellationToken)
    {
        Landed.Enqueue(upload);
        return Task.CompletedTask;
    }

    Task INotifier.BuildFailedAsync(Build build, CancellationToken cancellationToken)
    {
        Told.Enqueue($"{build.Cookie} {build.State.ToName()}");
        return Task.CompletedTask;
    }

    Task INotifier.BuilderFailedAsync(Builder builder, CancellationToken cancellationToken)
    {
        Told.Enqueue($"{builder.Name}: {builder.FailNotes}");
        return Task.CompletedTask;
    }

    ILogger ILoggerFactory.CreateLogger(string categoryName) => this;

    void ILoggerFactory.AddProvider(ILoggerProvider provider)
    {
    }

    void IDisposable.Dispose()
    {
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _log.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");
}

using System.Collections.Concurrent;
using System.Text;
using Buildd.IntegrationTests.Support;
using Buildd.Master;
using Buildd.Master.Jobs;
using Buildd.Master.Results;
using Buildd.Master.Scanning;
using Buildd.Protocol.XmlRpc;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Builds;

/// <summary>A slave, a server with what it builds from, and a master's runner that drives it and notes what it sees.</summary>
public abstract class BinaryPackageFixture
{
    private static int _count;

    private protected ConcurrentQueue<BuildEvent> Events { get; } = new();

    /// <summary>What the test's builds are called; no other test run on this machine has the same.</summary>
    private protected ConcurrentQueue<string> Cookies { get; } = new();

    private protected TemporaryDirectory Folder { get; private set; } = null!;

    private protected FileServer Server { get; private set; } = null!;

    private protected SlaveDaemon Slave { get; set; } = null!;

    private protected static string Architecture => BuildEnvironment.ReleaseAsync().GetAwaiter().GetResult().Architecture;

    [SetUp]
    public async Task StartAsync()
    {
        BuildEnvironment.RequireBuildTools();
        Events.Clear();
        Cookies.Clear();
        Folder = new TemporaryDirectory();
        Server = await FileServer.StartAsync();
        Slave = await StartSlaveAsync();
    }

    [TearDown]
    public async Task StopAsync()
    {
        if (Slave is not null)
            await Slave.DisposeAsync();
        if (Server is not null)
            await Server.DisposeAsync();
        Folder?.Dispose();
        await RemoveUserAsync();
    }

    /// <summary>Takes back what <see cref="StartSlaveAsync"/> did to the machine.</summary>
    private protected virtual Task RemoveUserAsync() => Task.CompletedTask;

    private protected virtual Task<SlaveDaemon> StartSlaveAsync() => SlaveDaemon.StartAsync();

    private protected async Task<BuildJob> JobAsync(string name, string command, string? archive = null, byte[]? key = null, string buildDepends = "make")
    {
        return await JobAsync(await SourcePackage.MakeAsync(Folder.Path, name, command, buildDepends), archive, key);
    }

    /// <summary>The building of a package from its files.</summary>
    private protected async Task<BuildJob> JobAsync(IEnumerable<string> paths, string? archive = null, byte[]? key = null)
    {
        var (suite, architecture) = await BuildEnvironment.ReleaseAsync();
        var files = new List<InputFile>();
        foreach (var path in paths)
            files.Add(await Server.AddAsync(path));
        return BuildJobs.BinaryPackage(
            NextCookie("PACKAGEBUILD"),
            await Server.AddAsync(await BuildEnvironment.ChrootAsync()),
            files,
            new BinaryPackageArguments
            {
                Series = suite,
                Suite = suite,
                ArchTag = architecture,
                Archives = [archive ?? await BuildEnvironment.ArchiveAsync()],
                TrustedKeys = key is null ? [] : [key],
            });
    }

    /// <summary>A build of another kind, in the same chroot and from the same archive.</summary>
    private protected async Task<BuildJob> JobAsync(string tag, XmlRpcStruct arguments)
    {
        var (suite, architecture) = await BuildEnvironment.ReleaseAsync();
        return new BuildJob
        {
            Cookie = NextCookie(tag.ToUpperInvariant()),
            BuilderTag = tag,
            Chroot = await Server.AddAsync(await BuildEnvironment.ChrootAsync()),
            Arguments = new XmlRpcStruct(arguments.Concat(new XmlRpcStruct
            {
                ["series"] = suite,
                ["arch_tag"] = architecture,
                ["archives"] = new XmlRpcArray([await BuildEnvironment.ArchiveAsync()]),
            })),
        };
    }

    private string NextCookie(string kind)
    {
        var cookie = $"{kind}-{Environment.ProcessId}{Interlocked.Increment(ref _count):00}";
        Cookies.Enqueue(cookie);
        return cookie;
    }

    private protected BuildRunner Runner() => new(Slave.Client, new BuildRunnerOptions
    {
        Results = new ResultOptions { Root = Folder["results"] },
        Monitor = new MonitorOptions { PollInterval = TimeSpan.FromMilliseconds(200), MaxFailures = 1 },
    });

    private protected ValueTask ObserveAsync(BuildEvent happened)
    {
        Events.Enqueue(happened);
        return ValueTask.CompletedTask;
    }

    private protected string StreamedLog() =>
        Encoding.UTF8.GetString([.. Events.OfType<LogGrew>().SelectMany(grew => grew.Bytes.ToArray())]);

    private protected static string LogOf(BuildOutcome outcome) => outcome.LogPath is { } path ? File.ReadAllText(path) : "(no log)";
}

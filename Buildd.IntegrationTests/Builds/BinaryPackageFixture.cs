using System.Collections.Concurrent;
using Buildd.IntegrationTests.Support;
using Buildd.Master;
using Buildd.Master.Inputs;
using Buildd.Master.Jobs;
using Buildd.Master.Jobs.Packages;
using Buildd.Protocol;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Builds;

/// <summary>A slave, a server with what it builds from, and a master's library that drives it.</summary>
public abstract class BinaryPackageFixture
{
    private BuildDriver? _driver;

    private protected BuildDriver Driver => _driver ??= new BuildDriver(Folder["results"]);

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
        _driver = null;
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

    private protected async Task<BuildJob> JobAsync(
        string name, string command, string? archive = null, byte[]? key = null, string buildDepends = "make")
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
        return PackageJobKind.MakeJob(
            NextCookie("PACKAGEBUILD"),
            await Server.AddAsync(await BuildEnvironment.ChrootAsync()),
            files,
            new BinaryPackageArguments
            {
                Series = suite,
                Suite = suite,
                ArchTag = architecture,
                Archives = [archive ?? await SmallArchive.ServeAsync(Server)],
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
                ["archives"] = new XmlRpcArray([await SmallArchive.ServeAsync(Server)]),
            })),
        };
    }

    private BuildCookie NextCookie(string kind)
    {
        var cookie = BuildDriver.NextCookie(kind.Replace("-", "", StringComparison.Ordinal));
        Cookies.Enqueue(cookie.ToString());
        return cookie;
    }

    private protected Task<DrivenBuild> RunAsync(
        BuildJob job, Func<MasterEvent, ValueTask>? observe = null, CancellationToken abort = default) =>
        Driver.RunAsync(Slave.Client, job, observe, abort);
}

using System.Security.Cryptography;
using System.Text;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave;
using Buildd.Slave.Builds;
using Buildd.Slave.Files;
using Buildd.Slave.Lifecycle;
using Buildd.Slave.Metrics;
using Buildd.Testing.Files;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave;

/// <summary>A slave's parts on folders of a test's own, with a scripted backend and a scripted web.</summary>
internal sealed class SlaveBench : IAsyncDisposable
{
    internal const string BuildId = "PACKAGEBUILD-22";

    private readonly TemporaryDirectory _folder = new();
    private readonly HttpClient _http;

    internal SlaveBench(TimeProvider? clock = null, params string[] allowedHosts)
    {
        Clock = clock ?? TimeProvider.System;
        Options = new SlaveOptions
        {
            ArchitectureTag = "riscv64",
            FileCacheDirectory = Directory.CreateDirectory(_folder["cache"]).FullName,
            WorkDirectory = Directory.CreateDirectory(_folder["work"]).FullName,
            Version = "1.2",
            Cache = new FileCacheOptions { AllowedHosts = allowedHosts },
        };
        Meters = new SlaveMeters(Options.Version ?? "", Options.ArchitectureTag, Time);
        _http = new HttpClient(Web);
        Cache = new FileCache(
            new CacheFolder(Options.FileCacheDirectory, Options.Cache, Clock, CacheLogger),
            new Downloader(new Lazy<HttpClient>(_http), Clock, Options.Cache, CacheLogger), Meters);
        Builder = Create(Options);
    }

    internal SlaveOptions Options { get; }

    internal ScriptedHttp Web { get; } = new();

    internal ScriptedBackend Backend { get; } = new("binarypackage");

    internal RecordingLogger<Builder> Logger { get; } = new();

    internal RecordingLogger<FileCache> CacheLogger { get; } = new();

    /// <summary>The time that the cache goes by, which is that of files made now until a test says otherwise.</summary>
    internal TimeProvider Clock { get; }

    internal FixedTime Time { get; } = new(new DateTimeOffset(2024, 2, 3, 4, 5, 6, TimeSpan.Zero));

    internal SlaveMeters Meters { get; }

    internal FileCache Cache { get; }

    internal Builder Builder { get; }

    internal string LogPath => InCache("buildlog");

    internal string LogText => File.ReadAllText(LogPath);

    internal string BuildFolder => Path.Combine(Options.WorkDirectory, "build-" + BuildId);

    internal static CancellationToken Deadline => TestContext.CurrentContext.CancellationToken;

    /// <summary>Another builder with the same backend. A work folder is one builder's at a time.</summary>
    internal Builder Create(SlaveOptions options) =>
        new(options, Cache, [Backend, new ScriptedBackend("livefs")], Time, Logger, Meters);

    /// <summary>An empty work folder.</summary>
    internal string NewWorkDirectory() => Directory.CreateDirectory(_folder[Guid.NewGuid().ToString("N")]).FullName;

    internal string InCache(string name) => Path.Combine(Options.FileCacheDirectory, name);

    /// <summary>Puts a file into the cache, as if it had been fetched, and gives its sum.</summary>
    internal string Add(string content)
    {
        var sha1 = Sha1Of(content);
        File.WriteAllText(InCache(sha1), content);
        return sha1;
    }

    internal static string Sha1Of(string content) =>
        Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.SHA1, Encoding.UTF8.GetBytes(content)));

    /// <summary>A call that is all right: tests spoil it.</summary>
    internal BuildCall Call() => new()
    {
        BuildId = BuildId,
        Builder = "binarypackage",
        ChrootSha1 = Add("chroot"),
        FileMap = new Dictionary<string, string> { ["hello.dsc"] = Add("dsc") },
        Arguments = new XmlRpcStruct(),
    };

    /// <summary>Starts a build and waits until the backend has it.</summary>
    internal async Task<IBuildContext> StartAsync()
    {
        Builder.Start(Call());
        return await Backend.Started.WaitAsync(Deadline);
    }

    /// <summary>Starts a build and waits until it has ended.</summary>
    internal async Task RunAsync(BuildCall? call = null)
    {
        var ended = Logger.NextAsync(" ended: ");
        Builder.Start(call ?? Call());
        await ended.WaitAsync(Deadline);
    }

    /// <summary>Runs a build that does one thing and ends.</summary>
    internal Task RunAsync(Func<IBuildContext, Task> work, BuildStatus status = BuildStatus.Ok)
    {
        Backend.Run = async (context, _) =>
        {
            await work(context);
            return new BuildOutcome(status);
        };
        return RunAsync();
    }

    /// <summary>Makes a file in the build's folder and hands it over.</summary>
    internal static async Task AddResultAsync(IBuildContext context, string name, string content)
    {
        var path = Path.Combine(context.Directory, name);
        await File.WriteAllTextAsync(path, content);
        await context.AddResultAsync(path, null, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await Builder.DisposeAsync();
        _http.Dispose();
        Meters.Dispose();
        _folder.Dispose();
    }
}

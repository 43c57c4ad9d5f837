using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Buildd.UnitTests.Master.Scenarios;

/// <summary>
/// A slave on a real socket that does as a test says. By itself it behaves: takes a build, and builds until
/// <see cref="End"/>; has the reference's states and refuses what doesn't fit them.
/// </summary>
internal sealed class SocketSlave : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly List<string> _calls = [];
    private WebApplication? _server;

    private SocketSlave()
    {
    }

    public Uri Url => new($"http://127.0.0.1:{Port}/");

    public int Port { get; private set; }

    /// <summary>What the slave says it is doing.</summary>
    public StatusReply Status { get; set; } = new() { Status = BuilderStatus.Idle, BuilderVersion = "1.0" };

    public ConcurrentDictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    public BuildCall? LastBuild { get; private set; }

    public InfoReply Info { get; set; } = new() { ArchitectureTag = "amd64", BuilderTags = ["binarypackage"] };

    /// <summary>Answers instead of the slave: the call's name, and the answer to write to. True when it did.</summary>
    public Func<string, HttpContext, Task<bool>>? Instead { get; set; }

    /// <summary>What follows from a build that was accepted; by default it builds on.</summary>
    public Action<SocketSlave>? OnBuild { get; set; }

    public Func<EnsurePresentCall, EnsurePresentReply> OnEnsurePresent { get; set; } = _ => new EnsurePresentReply(true, "Cache");

    /// <summary>Answers <c>build</c>; null to take it.</summary>
    public Func<BuildCall, BuildReply?> OnBuildCall { get; set; } = _ => null;

    /// <summary>Whether an abort ends the build at once.</summary>
    public bool Aborts { get; set; } = true;

    /// <summary>All calls but <c>status</c> and the reading of logs, in order.</summary>
    public IReadOnlyList<string> Deeds
    {
        get
        {
            lock (_lock)
                return [.. _calls.Where(call => call != "status" && !call.StartsWith("GET buildlog", StringComparison.Ordinal))];
        }
    }

    public int Count(string call)
    {
        lock (_lock)
            return _calls.Count(made => made == call);
    }

    public int CountStarting(string beginning)
    {
        lock (_lock)
            return _calls.Count(made => made.StartsWith(beginning, StringComparison.Ordinal));
    }

    public static async Task<SocketSlave> StartAsync()
    {
        var slave = new SocketSlave();
        await slave.StartServerAsync(0);
        return slave;
    }

    /// <summary>Nobody answers any more.</summary>
    public async Task DieAsync()
    {
        await _server!.DisposeAsync();
        _server = null;
    }

    /// <summary>It answers again, at the same address.</summary>
    public Task ReviveAsync() => StartServerAsync(Port);

    /// <summary>It was restarted: it knows nothing.</summary>
    public void Forget() => Status = new StatusReply { Status = BuilderStatus.Idle, BuilderVersion = "1.0" };

    public void Log(string text) => Files.AddOrUpdate(WireNames.BuildLog, Bytes(text), (_, before) => [.. before, .. Bytes(text)]);

    /// <summary>The build ends.</summary>
    public void End(BuildStatus status, params (string Name, string Content)[] results)
    {
        foreach (var (_, content) in results)
            Files[Replies.Sha1Of(content)] = Bytes(content);
        EndWith(status, [.. results.Select(result => (result.Name, Replies.Sha1Of(result.Content)))]);
    }

    public void EndWith(BuildStatus status, params (string Name, string Sha1)[] fileMap) => Status = Status with
    {
        Status = BuilderStatus.Waiting,
        BuildStatus = status,
        FileMap = Replies.Map(fileMap),
        Dependencies = status == BuildStatus.DepFail ? "libmissing-dev" : "",
        LogTail = null,
    };

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private async Task StartServerAsync(int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        _server = builder.Build();
        _server.Run(AnswerAsync);
        await _server.StartAsync();
        Port = new Uri(_server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
    }

    private async Task AnswerAsync(HttpContext http)
    {
        if (http.Request.Path.StartsWithSegments("/filecache", out var rest))
        {
            await SendFileAsync(http, rest.Value!.TrimStart('/'));
            return;
        }

        var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var call = SlaveCall.FromXmlRpc(XmlRpcReader.ReadCall(new ReadOnlySequence<byte>(body.ToArray())));
        var name = call switch
        {
            EnsurePresentCall present => $"ensurepresent {present.Sha1}",
            BuildCall build => $"build {build.BuildId}",
            _ => call.ToXmlRpc().MethodName,
        };
        Remember(name);
        if (Instead is { } instead && await instead(name, http))
            return;
        var answer = new ArrayBufferWriter<byte>();
        try
        {
            XmlRpcWriter.WriteResponse(answer, Carry(call));
        }
        catch (InvalidOperationException refused)
        {
            answer.ResetWrittenCount();
            XmlRpcWriter.WriteFault(answer, new XmlRpcFault(8002, refused.Message));
        }

        http.Response.ContentType = "text/xml";
        http.Response.ContentLength = answer.WrittenCount;
        await http.Response.Body.WriteAsync(answer.WrittenMemory);
    }

    private XmlRpcValue Carry(SlaveCall call)
    {
        lock (_lock)
        {
            switch (call)
            {
                case EchoCall echo:
                    return new XmlRpcArray([.. echo.ToXmlRpc().Parameters]);
                case InfoCall:
                    return Info.ToXmlRpc();
                case StatusCall:
                    return Status.ToXmlRpc();
                case EnsurePresentCall present:
                    return OnEnsurePresent(present).ToXmlRpc();
                case BuildCall build:
                    if (OnBuildCall(build) is { } reply)
                        return reply.ToXmlRpc();
                    Require(BuilderStatus.Idle);
                    LastBuild = build;
                    Status =
                        Status with { Status = BuilderStatus.Building, BuildId = build.BuildId, LogTail = default(ReadOnlyMemory<byte>) };
                    OnBuild?.Invoke(this);
                    return new BuildReply(BuildAnswer.Building, build.BuildId).ToXmlRpc();
                case AbortCall:
                    Require(BuilderStatus.Building);
                    Status = Status with { Status = BuilderStatus.Aborting };
                    if (Aborts)
                        EndWith(BuildStatus.Aborted);
                    return new BuilderStatusReply(BuilderStatus.Aborting).ToXmlRpc();
                case CleanCall:
                    Require(BuilderStatus.Waiting);
                    Files.Clear();
                    Status = new StatusReply { Status = BuilderStatus.Idle, BuilderVersion = Status.BuilderVersion };
                    return new BuilderStatusReply(BuilderStatus.Idle).ToXmlRpc();
                default:
                    throw new InvalidOperationException("no such call");
            }
        }
    }

    private void Require(BuilderStatus status)
    {
        if (Status.Status != status)
            throw new InvalidOperationException($"it is {Status.Status}");
    }

    private async Task SendFileAsync(HttpContext http, string name)
    {
        var range = http.Request.Headers.Range.ToString();
        var offset = range.Length == 0 ? 0 : long.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture);
        var call = $"GET {name}+{offset}";
        Remember(call);
        if (Instead is { } instead && await instead(call, http))
            return;
        if (!Files.TryGetValue(name, out var content))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (range.Length > 0 && offset >= content.Length)
        {
            http.Response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
            http.Response.Headers.ContentRange = $"bytes */{content.Length}";
            return;
        }

        if (range.Length > 0)
        {
            http.Response.StatusCode = StatusCodes.Status206PartialContent;
            http.Response.Headers.ContentRange = $"bytes {offset}-{content.Length - 1}/{content.Length}";
        }

        http.Response.ContentLength = content.Length - offset;
        await http.Response.Body.WriteAsync(content.AsMemory((int)offset));
    }

    private void Remember(string call)
    {
        lock (_lock)
            _calls.Add(call);
    }
}

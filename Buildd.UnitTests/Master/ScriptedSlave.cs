using System.Collections.Concurrent;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;

namespace Buildd.UnitTests.Master;

/// <summary>
/// A slave that answers as a test has written down, and remembers what it was asked. Unless told otherwise, it is idle,
/// has or fetches every file, takes the build, aborts and cleans.
/// </summary>
internal sealed class ScriptedSlave : ISlaveClient
{
    private readonly ConcurrentQueue<string> _calls = new();
    private readonly Queue<Func<StatusReply>> _statuses = new();

    public Uri Url { get; } = new("http://builder.example:8221/");

    /// <summary>The calls in order: <c>status</c>, <c>ensurepresent SHA1</c>, <c>build ID</c>, <c>GET NAME+OFFSET</c>.</summary>
    public IReadOnlyList<string> Calls => [.. _calls];

    /// <summary>The calls without those to <c>status</c> and those that follow the log.</summary>
    public IEnumerable<string> Deeds => Calls.Where(call => call != "status" && !call.StartsWith("GET buildlog", StringComparison.Ordinal));

    public List<EnsurePresentCall> EnsurePresentCalls { get; } = [];

    public BuildCall? BuildCall { get; private set; }

    public ConcurrentDictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    public Func<EnsurePresentCall, EnsurePresentReply> OnEnsurePresent { get; set; } = _ => new EnsurePresentReply(true, "Cache");

    public Func<BuildCall, BuildReply> OnBuild { get; set; } = call => new BuildReply(BuildAnswer.Building, call.BuildId);

    public Func<BuilderStatusReply> OnAbort { get; set; } = () => new BuilderStatusReply(BuilderStatus.Aborting);

    public Func<BuilderStatusReply> OnClean { get; set; } = () => new BuilderStatusReply(BuilderStatus.Idle);

    public Func<string, long, SlaveFile>? OnOpen { get; set; }

    public static SlaveConnectionException Broken { get; } = new("The connection broke.");

    public static SlaveFaultException Fault { get; } = new("It answered with a fault.", new XmlRpcFault(8002, "error"));

    /// <summary>Answers one call of status each; the last answer is given for ever.</summary>
    public ScriptedSlave Says(params StatusReply[] replies) => Does([.. replies.Select(reply => (Func<StatusReply>)(() => reply))]);

    /// <summary>Answers one call of status each, with an exception or a side effect.</summary>
    public ScriptedSlave Does(params Func<StatusReply>[] replies)
    {
        foreach (var reply in replies)
            _statuses.Enqueue(reply);
        return this;
    }

    public Task<StatusReply> StatusAsync(CancellationToken cancellationToken = default)
    {
        Remember("status", cancellationToken);
        var reply = _statuses.Count switch
        {
            0 => () => Replies.Idle,
            1 => _statuses.Peek(),
            _ => _statuses.Dequeue(),
        };
        return Answer(reply);
    }

    public Task<EnsurePresentReply> EnsurePresentAsync(EnsurePresentCall call, CancellationToken cancellationToken = default)
    {
        Remember($"ensurepresent {call.Sha1}", cancellationToken);
        EnsurePresentCalls.Add(call);
        return Answer(() => OnEnsurePresent(call));
    }

    public Task<BuildReply> BuildAsync(BuildCall call, CancellationToken cancellationToken = default)
    {
        Remember($"build {call.BuildId}", cancellationToken);
        BuildCall = call;
        return Answer(() => OnBuild(call));
    }

    public Task<BuilderStatusReply> AbortAsync(CancellationToken cancellationToken = default)
    {
        Remember("abort", cancellationToken);
        return Answer(OnAbort);
    }

    public Task<BuilderStatusReply> CleanAsync(CancellationToken cancellationToken = default)
    {
        Remember("clean", cancellationToken);
        return Answer(OnClean);
    }

    public Task<SlaveFile> OpenFileAsync(string name, long offset = 0, CancellationToken cancellationToken = default)
    {
        Remember($"GET {name}+{offset}", cancellationToken);
        return Answer(() => OnOpen?.Invoke(name, offset) ?? Open(name, offset));
    }

    /// <summary>The file as a real client gives it, but with whatever length a test claims.</summary>
    public static SlaveFile File(byte[] content, long offset = 0, long? length = null) =>
        new(length ?? content.Length, offset, new MemoryStream(content[(int)Math.Min(offset, content.Length)..]));

    public SlaveFile Open(string name, long offset) => !Files.TryGetValue(name, out var content)
        ? throw new SlaveFileNotFoundException($"There is no {name}.", name)
        : offset > content.Length
        ? throw new SlaveProtocolException($"{name} has fewer bytes than the {offset} to leave out.")
        : File(content, offset);

    public Task<IReadOnlyList<XmlRpcValue>> EchoAsync(
        IReadOnlyList<XmlRpcValue> arguments, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<InfoReply> InfoAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<ProxyInfoReply> ProxyInfoAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    private void Remember(string call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _calls.Enqueue(call);
    }

    private static Task<T> Answer<T>(Func<T> answer)
    {
        try
        {
            return Task.FromResult(answer());
        }
        catch (Exception exception)
        {
            return Task.FromException<T>(exception);
        }
    }
}

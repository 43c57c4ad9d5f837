using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Benchmarks.Harness;

/// <summary>A slave that has built a file as soon as it is asked to; the file comes from a real server.</summary>
/// <param name="files">The client of that server.</param>
/// <param name="name">The result's name.</param>
/// <param name="sha1">Its sum.</param>
internal sealed class OneBuildSlave(SlaveClient files, string name, string sha1) : ISlaveClient
{
    private string? _build;

    public Uri Url => files.Url;

    public Task<StatusReply> StatusAsync(CancellationToken cancellationToken = default) => Task.FromResult(_build is null
        ? new StatusReply { Status = BuilderStatus.Idle }
        : new StatusReply
        {
            Status = BuilderStatus.Waiting,
            BuildStatus = BuildStatus.Ok,
            BuildId = _build,
            FileMap = new Dictionary<string, string> { [name] = sha1 },
        });

    public Task<EnsurePresentReply> EnsurePresentAsync(EnsurePresentCall call, CancellationToken cancellationToken = default) =>
        Task.FromResult(new EnsurePresentReply(true, "Cache"));

    public Task<BuildReply> BuildAsync(BuildCall call, CancellationToken cancellationToken = default)
    {
        _build = call.BuildId;
        return Task.FromResult(new BuildReply(BuildAnswer.Building, call.BuildId));
    }

    public Task<BuilderStatusReply> CleanAsync(CancellationToken cancellationToken = default)
    {
        _build = null;
        return Task.FromResult(new BuilderStatusReply(BuilderStatus.Idle));
    }

    public Task<SlaveFile> OpenFileAsync(string name, long offset = 0, CancellationToken cancellationToken = default) =>
        files.OpenFileAsync(name, offset, cancellationToken);

    public Task<BuilderStatusReply> AbortAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<IReadOnlyList<XmlRpcValue>> EchoAsync(
        IReadOnlyList<XmlRpcValue> arguments, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task<InfoReply> InfoAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<ProxyInfoReply> ProxyInfoAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();
}

using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Builds;
using Buildd.Slave.Logs;

namespace Buildd.Slave.Lifecycle;

/// <summary>The builder, as one build sees it.</summary>
internal sealed class BuildContext(Builder builder, BuildRequest request, string directory, BuildLog log, TimeProvider time)
    : IBuildContext
{
    public BuildRequest Request { get; } = request;

    public string Directory { get; } = directory;

    public BuildLog Log { get; } = log;

    public TimeProvider Time { get; } = time;

    public Task<string> AddResultAsync(string path, string? name, CancellationToken cancellationToken) =>
        builder.AddResultAsync(path, name ?? Path.GetFileName(path), cancellationToken);

    public void EnterPhase(string phase) => builder.EnterPhase(phase);

    public void SetStatusMember(string name, XmlRpcValue value) => builder.SetStatusMember(name, value);

    public void SetStatusMembers(XmlRpcStruct members, IReadOnlySet<string> replaced) => builder.SetStatusMembers(members, replaced);
}

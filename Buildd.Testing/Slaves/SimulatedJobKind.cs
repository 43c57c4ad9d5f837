using Buildd.Master.Builds;
using Buildd.Master.Inputs;
using Buildd.Master.Jobs;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Testing.Slaves;

/// <summary>The builds of simulated slaves, which need nothing: fetching is not measured with them.</summary>
public sealed class SimulatedJobKind : IJobKind
{
    /// <summary>The job type.</summary>
    public const string Name = "SIMULATION";

    private static readonly InputFile Chroot = new() { Name = "chroot", Sha1 = default, Url = "http://127.0.0.1:1/chroot" };

    public string JobType => Name;

    public LeafContent LeafContent => LeafContent.Files;

    public Task<BuildDescription?> DescribeAsync(
        Build build, ReadOnlyMemory<byte> specification, CancellationToken cancellationToken) =>
        Task.FromResult<BuildDescription?>(new BuildDescription());

    public Task<Preparation> PrepareAsync(Dispatching dispatch, CancellationToken cancellationToken) =>
        Task.FromResult<Preparation>(new Ready(new BuildJob
        {
            Cookie = dispatch.Build.Cookie,
            BuilderTag = dispatch.Build.Manager,
            Chroot = Chroot,
            Arguments = new XmlRpcStruct(),
        }));
}

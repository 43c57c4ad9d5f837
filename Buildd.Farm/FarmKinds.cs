using Buildd.Master.Jobs;
using Buildd.Master.Jobs.LiveFs;
using Buildd.Master.Jobs.Packages;

namespace Buildd.Farm;

/// <summary>The kinds of job of this program, for dispatch, uploads and mail alike.</summary>
internal static class FarmKinds
{
    internal static IReadOnlyList<IJobKind> All { get; } = [new PackageJobKind(), new LiveFsJobKind()];
}

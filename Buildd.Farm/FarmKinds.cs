using Buildd.Farm.Builds;
using Buildd.Master.Jobs;
using Buildd.Master.Jobs.Packages;

namespace Buildd.Farm;

/// <summary>The kinds of job of this program, for dispatch, uploads and mail alike.</summary>
internal static class FarmKinds
{
    /// <summary>The kinds of a farm with these records.</summary>
    internal static IReadOnlyList<IJobKind> Of(FarmRecords records) =>
    [
        new PackageJobKind(),
        new FarmLiveFsKind(records.Requests, records.Architectures, records.AptLines, records.BuildDescriptions),
    ];
}

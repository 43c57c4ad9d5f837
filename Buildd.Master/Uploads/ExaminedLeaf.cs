using Buildd.Master.Jobs;
using Buildd.Master.Uploads.Checks;

namespace Buildd.Master.Uploads;

/// <summary>The findings in a leaf itself, whatever the archive has: it can be examined before its turn, beside others.</summary>
internal sealed record ExaminedLeaf
{
    /// <summary>The number of the build that it was taken for.</summary>
    public required long BuildId { get; init; }

    /// <summary>The build's description; an empty one if there is none.</summary>
    public required BuildDescription Description { get; init; }

    /// <summary>Whether the description has all that packages are compared with.</summary>
    public required bool IsDescribed { get; init; }

    /// <summary>Findings beside those of the packages.</summary>
    public required FindingList Findings { get; init; }

    /// <summary>The result of the check of packages; null for a leaf of files.</summary>
    public UploadCheckResult? Packages { get; init; }

    /// <summary>The files of a leaf of files.</summary>
    public IReadOnlyList<Archives.BuiltFile> Files { get; init; } = [];
}

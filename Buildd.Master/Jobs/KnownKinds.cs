using Buildd.Master.Builds;

namespace Buildd.Master.Jobs;

/// <summary>The kinds of job of a farm by their names, and the descriptions of its builds.</summary>
/// <param name="kinds">The kinds.</param>
/// <param name="builds">The records with the specifications.</param>
internal sealed class KnownKinds(IEnumerable<IJobKind> kinds, IBuildRecords builds)
{
    private readonly Dictionary<string, IJobKind> _kinds = kinds.ToDictionary(kind => kind.JobType, StringComparer.Ordinal);

    /// <summary>The kind of a build; null when it is not one of these.</summary>
    public IJobKind? KindOf(Build build) => _kinds.GetValueOrDefault(build.JobType);

    /// <summary>A build's description by its kind; null when there is none.</summary>
    public async Task<BuildDescription?> DescribeAsync(Build build, CancellationToken cancellationToken)
    {
        if (KindOf(build) is not { } kind)
            return null;
        var specification = await builds.FindSpecificationAsync(build.Id, cancellationToken).ConfigureAwait(false) ?? default;
        return await kind.DescribeAsync(build, specification, cancellationToken).ConfigureAwait(false);
    }
}

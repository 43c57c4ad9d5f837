using System.Text.Json;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;
using Buildd.Master.Uploads;

namespace Buildd.Farm.Uploads;

/// <summary>Describes builds by what they were queued with: the record's own description or title, and what its kind knows besides.</summary>
internal sealed class FarmDescriptions(IBuildRecords builds) : IBuildDescriptions
{
    private readonly RecordedDescriptions _recorded = new(builds);

    /// <inheritdoc/>
    public async Task<BuildDescription> DescribeAsync(Build build, CancellationToken cancellationToken = default)
    {
        var description = await _recorded.DescribeAsync(build, cancellationToken);
        var specification = await builds.FindSpecificationAsync(build.Id, cancellationToken) ?? default;
        try
        {
            return build.JobType switch
            {
                PackageJobKind.Name when PackageSpecification.FromBytes(specification) is var package => description with
                {
                    Component = package.Component,
                    BuildUrl = package.BuildUrl,
                    Creators = package.Requester is { } requester ? [requester] : [],
                },
                LiveFsJobKind.Name when LiveFsSpecification.FromBytes(specification) is var image => description with
                {
                    Version = image.DateStamp,
                    Requester = image.Requester,
                },
                _ => description,
            };
        }
        catch (JsonException)
        {
            return description; // it was queued by another program, with a specification of its own
        }
    }
}

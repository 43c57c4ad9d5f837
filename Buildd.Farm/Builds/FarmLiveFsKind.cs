using Buildd.Farm.Archives;
using Buildd.Farm.Distributions;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;
using Buildd.Master.Jobs.LiveFs;
using Buildd.Protocol.Secrets;

namespace Buildd.Farm.Builds;

/// <summary>
/// Builds of live filesystems of a farm with archives: what they are dispatched with comes from the records at that moment. A build that is
/// in no archive has it all in its specification.
/// </summary>
/// <param name="requests">What was asked for.</param>
/// <param name="architectures">The architectures of series.</param>
/// <param name="aptLines">The lines for apt.</param>
/// <param name="descriptions">What mail has to know.</param>
internal sealed class FarmLiveFsKind(
    RequestRecords requests, ArchitectureRecords architectures, AptLineRecords aptLines, BuildDescriptions descriptions) : IJobKind
{
    private readonly LiveFsJobKind _kind = new();

    /// <inheritdoc/>
    public string JobType => _kind.JobType;

    /// <inheritdoc/>
    public LeafContent LeafContent => _kind.LeafContent;

    /// <inheritdoc/>
    public async Task<Preparation> PrepareAsync(Dispatching dispatch, CancellationToken cancellationToken)
    {
        if (await requests.FindAsync(dispatch.Build.Id, cancellationToken) is not { LiveFs: { } livefs } build)
            return await _kind.PrepareAsync(dispatch, cancellationToken);
        if (!build.Archive.Enabled)
            return new NotNow($"{build.Archive.DisplayName} is disabled.");
        try
        {
            var (series, architecture) = await architectures.GetAsync(build.Request.Architecture, cancellationToken);
            var pocket = PocketNames.Parse(build.Request.Pocket) ?? Pocket.Release;
            var lines = await aptLines.ForBuildAsync(
                build.Archive.Id, new AptTarget(series.Name) { Pocket = pocket }, _ => null, cancellationToken);
            var arguments = LiveFsDispatch.Arguments(new LiveFsDispatch
            {
                LiveFs = livefs,
                Override = build.Request.MetadataOverride,
                Series = series.Name,
                ArchTag = architecture.Tag,
                Pocket = pocket,
                Version = build.Request.Version,
                Lines = [.. lines.Select(line => line.Text)],
                IsPrivate = build.Archive.IsPrivate,
            });
            // A master that has started anew asks again for an attempt that runs; what that one got stays.
            if (build.Request.AptAttempt < dispatch.Build.Attempt)
            {
                await requests.SetAptLinesAsync(
                    dispatch.Build, [.. lines.Select(line => UrlCredentials.Without(line.Text))], cancellationToken);
            }

            return await LiveFsJobKind.PrepareAsync(dispatch, arguments, cancellationToken);
        }
        catch (FarmException exception)
        {
            return new Rejected(BuildState.FailedToBuild, exception.Message);
        }
    }

    /// <inheritdoc/>
    public string LogName(Build build, ReadOnlyMemory<byte> specification, BuildState state) =>
        _kind.LogName(build, specification, state);

    /// <inheritdoc/>
    public async Task<BuildDescription?> DescribeAsync(
        Build build, ReadOnlyMemory<byte> specification, CancellationToken cancellationToken) =>
        await _kind.DescribeAsync(build, specification, cancellationToken) is { } description
            ? await descriptions.CompleteAsync(build.Id, description, cancellationToken)
            : null;
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Buildd.Farm.Archives;
using Buildd.Farm.Audit;
using Buildd.Farm.Distributions;
using Buildd.Farm.LiveFilesystems;
using Buildd.Farm.People;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using Buildd.Linux.Files;
using Buildd.Master.Jobs.LiveFs;

namespace Buildd.Farm.Builds;

/// <summary>A build of a live filesystem that is asked for.</summary>
internal sealed record LiveFsRequest
{
    /// <summary>The longest key, in characters: it goes into the names of logs.</summary>
    internal const int MaxKeyLength = 100;

    /// <summary>The longest version, in characters: it goes into the names of files.</summary>
    internal const int MaxVersionLength = 100;

    /// <summary>The archive that it is built from, as people call it: <c>debian</c>, <c>~ada/debian/ppa</c>.</summary>
    internal required string Archive { get; init; }

    /// <summary>The tag of an architecture of the live filesystem's series.</summary>
    internal required string Architecture { get; init; }

    /// <summary>The pocket; the release by default.</summary>
    internal Pocket Pocket { get; init; } = Pocket.Release;

    /// <summary>What tells builds of one live filesystem apart; null (the default) for nothing.</summary>
    internal string? UniqueKey { get; init; }

    /// <summary>Arguments that win over the live filesystem's: a JSON object, empty by default.</summary>
    internal string MetadataOverride { get; init; } = "{}";

    /// <summary>The version that its files get; null (the default) for the time of the request, <c>20140425-103800</c>.</summary>
    internal string? Version { get; init; }
}

/// <summary>Takes requests of builds of live filesystems. Any thread may call.</summary>
/// <param name="store">Where everything is.</param>
/// <param name="audit">Who changed what.</param>
/// <param name="people">The people.</param>
/// <param name="series">The series.</param>
/// <param name="distributions">The distributions.</param>
/// <param name="architectures">Their architectures.</param>
/// <param name="archives">The archives.</param>
/// <param name="livefses">The live filesystems.</param>
/// <param name="requests">What was asked for.</param>
internal sealed class LiveFsRequests(
    FarmStore store,
    AuditRecords audit,
    PersonRecords people,
    DistributionRecords distributions,
    SeriesRecords series,
    ArchitectureRecords architectures,
    ArchiveTable archives,
    LiveFsRecords livefses,
    RequestRecords requests)
{
    /// <summary>The sentence for a request that waits already; the words are Launchpad's. The waiting build's cookie follows it.</summary>
    internal const string IsPending = "An identical build of this live filesystem image is already pending.";

    /// <summary>Of how many builds the estimate is made: Launchpad's number.</summary>
    private const int Remembered = 9;

    private static readonly TimeSpan FirstEstimate = TimeSpan.FromMinutes(30);

    /// <summary>
    /// Requests a build. What waits already, and the build, are one transaction: of two that ask alike at once one is refused.
    /// </summary>
    /// <param name="actor">Who asks: a member of the owner, while the setting <c>soyuz.livefs.allow_new</c> is on, or an
    /// administrator.</param>
    /// <param name="livefsId">The live filesystem's number.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">The actor may not, there is no such thing, an identical request waits, or a value can't
    /// be.</exception>
    internal Task<FarmBuild> AddAsync(Actor actor, long livefsId, LiveFsRequest request, CancellationToken cancellationToken)
    {
        Check(request);
        var reference = ArchiveReference.Parse(request.Archive);
        return store.WriteAsync(
            async connection =>
            {
                var livefs = await livefses.GetAsync(connection, actor, livefsId);
                await LiveFsRecords.RequireEnabledAsync(connection, actor);
                var owner = await people.GetAsync(connection, livefs.Owner);
                if (!LiveFsRights.Request.Allows(actor, livefs))
                {
                    throw FarmException.NotAllowed(owner.IsTeam
                        ? $"{actor.Name} is not a member of {owner.Name}."
                        : $"{actor.Name} cannot create live filesystem builds owned by {owner.Name}.");
                }

                var release = await series.GetAsync(connection, livefs.Series);
                var distribution = await distributions.GetAsync(connection, release.Distribution);
                var archive = (await archives.GetAsync(connection, actor, reference)).Archive;
                RequireFits(archive, livefs, distribution);
                var architecture = await architectures.FindAsync(connection, release, request.Architecture)
                    ?? throw FarmException.NotFound($"{release.Name} has no architecture {FileName.Display(request.Architecture)}");
                if (!architecture.Enabled)
                    throw FarmException.Conflict($"nothing is built for {architecture.Tag} in {release.Name}");
                if (archive.Architectures.Count > 0 && !archive.Architectures.Contains(architecture.Tag))
                    throw FarmException.Conflict($"{archive.DisplayName} is not for {architecture.Tag}");
                var metadata = LiveFilesystems.Metadata.Normalize(request.MetadataOverride);
                var identity = Identity(livefs, archive, architecture, request, metadata);
                if (await requests.FindWaitingAsync(connection, identity) is { } waiting)
                    throw FarmException.Conflict($"{IsPending}\n{LiveFsJobKind.Name}-{waiting} waits.");
                var now = store.Time.GetUtcNow();
                var version = request.Version ?? now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
                var arguments = LiveFsDispatch.Arguments(new LiveFsDispatch
                {
                    LiveFs = livefs,
                    Override = metadata,
                    Series = release.Name,
                    ArchTag = architecture.Tag,
                    Pocket = request.Pocket,
                    Version = version,
                    IsPrivate = archive.IsPrivate,
                });
                var image = new LiveFsSpecification
                {
                    Project = livefs.Name,
                    Series = release.Name,
                    ArchTag = architecture.Tag,
                    Pocket = arguments.Pocket,
                    DateStamp = version,
                    UniqueKey = request.UniqueKey,
                };
                var wanted = image.ToNewBuild(distribution.Name, owner.Name) with
                {
                    Archive = archive.Id.ToString(CultureInfo.InvariantCulture),
                    Processor = architecture.Processor,
                    Virtualized = archive.RequireVirtualized || livefs.RequireVirtualized,
                    Score = Scores.OfLiveFs(archive.RelativeScore, livefs.RelativeScore),
                    EstimatedDuration = Estimate(
                        await requests.DurationsAsync(connection, livefs.Id, architecture.Id, Remembered)),
                };
                var build = (await store.Builds.AddAsync(connection, [wanted])).Single();
                var asked = new Request
                {
                    Build = build.Id,
                    Requester = actor.PersonId,
                    Archive = archive.Id,
                    Architecture = architecture.Id,
                    Pocket = request.Pocket.ToName(),
                    Component = AptLines.DefaultComponent(archive.Purpose),
                    Version = version,
                    Livefs = livefs.Id,
                    UniqueKey = request.UniqueKey,
                    MetadataOverride = metadata,
                    Identity = identity,
                };
                await requests.AddAsync(connection, asked);
                await audit.WriteAsync(
                    connection, actor, "build requested", "livefs", await livefses.PathAsync(connection, livefs),
                    [new FieldChange("build", null, $"\"{build.Cookie}\"")]);
                return new FarmBuild(build, asked, archive, livefs);
            },
            cancellationToken);
    }

    /// <summary>The median of the last builds: element n/2 of them in order, as the original has it.</summary>
    internal static TimeSpan Estimate(IReadOnlyList<TimeSpan> durations) =>
        durations.Count == 0 ? FirstEstimate : durations.Order().ElementAt(durations.Count / 2);

    private static void Check(LiveFsRequest request)
    {
        if (request.UniqueKey is { } key && (key.Length > LiveFsRequest.MaxKeyLength || FileName.FindMistake(key) is not null))
        {
            throw FarmException.Invalid(
                $"the key {FileName.Display(key)} can't be a part of a file's name of at most {LiveFsRequest.MaxKeyLength} characters");
        }

        if (request.Version is { } version
            && (version.Length > LiveFsRequest.MaxVersionLength || FileName.FindMistake(version) is not null))
        {
            throw FarmException.Invalid(
                $"the version {FileName.Display(version)} can't be a part of a file's name of at most "
                    + $"{LiveFsRequest.MaxVersionLength} characters");
        }
    }

    /// <summary>The rules and their words are Launchpad's.</summary>
    private static void RequireFits(Archive archive, LiveFs livefs, Distribution distribution)
    {
        if (archive.Distribution != distribution.Id)
            throw FarmException.Invalid($"the archive {archive.DisplayName} is not of {distribution.Name}, for which it is built");
        if (!archive.Enabled)
            throw FarmException.NotAllowed($"{archive.DisplayName} is disabled.");
        if (archive.IsPrivate && archive.Owner != livefs.Owner)
        {
            throw FarmException.NotAllowed(
                "Live filesystem builds against private archives are only allowed if the live filesystem owner and the archive owner "
                    + "are equal.");
        }
    }

    private static string Identity(
        LiveFs livefs, Archive archive, SeriesArchitecture architecture, LiveFsRequest request, string metadata)
    {
        object?[] parts = [livefs.Id, archive.Id, architecture.Id, request.Pocket.ToName(), request.UniqueKey, metadata];
        var text = string.Join('\n', parts.Select(part => JsonEncodedText.Encode(
            string.Create(CultureInfo.InvariantCulture, $"{(part is null ? "-" : "+")}{part}")).ToString()));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}

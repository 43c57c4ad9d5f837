using Buildd.Backends.DebianBuilds;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Slave;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Backends.LiveFs.LiveBuild;

/// <summary>What a farm that sends Launchpad's arguments says, checked, in the reference's order: protocol section 12.4.</summary>
internal sealed record LaunchpadArguments
{
    private const string ProposedPocket = "proposed";

    internal string? SubArch { get; init; }

    internal string? SubProject { get; init; }

    internal string? ImageFormat { get; init; }

    /// <summary>Whether packages of the pocket <c>proposed</c> are used.</summary>
    internal bool Proposed { get; init; }

    /// <summary>Builds with ubuntu-defaults-image where it is given.</summary>
    internal string? Locale { get; init; }

    internal IReadOnlyList<string> ExtraPpas { get; init; } = [];

    internal IReadOnlyList<string> ExtraSnaps { get; init; } = [];

    internal string? Channel { get; init; }

    internal IReadOnlyList<string> ImageTargets { get; init; } = [];

    internal string? RepoSnapshotStamp { get; init; }

    internal string? SnapshotServiceTimestamp { get; init; }

    internal string? CohortKey { get; init; }

    /// <summary>Turns on shell tracing in live-build.</summary>
    internal bool Debug { get; init; }

    /// <exception cref="RefusedException">Something is missing, or can't be what it says.</exception>
    internal static LaunchpadArguments Check(LiveFsArguments arguments) => new()
    {
        SubArch = ArgumentCheck.OneLine(ArgumentNames.SubArch, arguments.SubArch),
        SubProject = ArgumentCheck.OneLine(ArgumentNames.SubProject, arguments.SubProject),
        ImageFormat = ArgumentCheck.OneLine(ArgumentNames.ImageFormat, arguments.ImageFormat),
        Proposed = ArgumentCheck.Line(
            ArgumentNames.Pocket, arguments.Pocket ?? throw new RefusedException($"the argument '{ArgumentNames.Pocket}' is missing"))
            == ProposedPocket,
        Locale = arguments.Locale is { } locale ? ArgumentCheck.Name(ArgumentNames.Locale, locale) : null,
        ExtraPpas = ArgumentCheck.Lines(ArgumentNames.ExtraPpas, arguments.ExtraPpas),
        ExtraSnaps = ArgumentCheck.Lines(ArgumentNames.ExtraSnaps, arguments.ExtraSnaps),
        Channel = ArgumentCheck.OneLine(ArgumentNames.Channel, arguments.Channel),
        ImageTargets = ArgumentCheck.Lines(ArgumentNames.ImageTargets, arguments.ImageTargets),
        RepoSnapshotStamp = ArgumentCheck.OneLine(ArgumentNames.RepoSnapshotStamp, arguments.RepoSnapshotStamp),
        SnapshotServiceTimestamp = ArgumentCheck.OneLine(ArgumentNames.SnapshotServiceTimestamp, arguments.SnapshotServiceTimestamp),
        CohortKey = ArgumentCheck.OneLine(ArgumentNames.CohortKey, arguments.CohortKey),
        Debug = arguments.Debug,
    };

    /// <summary>The variables of <c>lb config</c>, and those of them that <c>lb build</c> has too.</summary>
    internal IEnumerable<KeyValuePair<string, string?>> Variables(ImageArguments image, bool ofConfig)
    {
        (string Name, string? Value, bool InBoth)[] all =
        [
            ("PROJECT", image.Project, true),
            ("ARCH", image.System.Architecture, true),
            ("SUITE", image.System.Series, false),
            ("NOW", image.DateStamp, false),
            ("SUBPROJECT", SubProject, true),
            ("SUBARCH", SubArch, true),
            ("IMAGEFORMAT", ImageFormat, false),
            ("PROPOSED", Proposed ? "1" : null, false),
            ("EXTRA_PPAS", Joined(ExtraPpas), false),
            ("EXTRA_SNAPS", Joined(ExtraSnaps), false),
            ("CHANNEL", Channel, true),
            ("IMAGE_TARGETS", Joined(ImageTargets), true),
            ("REPO_SNAPSHOT_STAMP", RepoSnapshotStamp, true),
            ("SNAPSHOT_SERVICE_TIMESTAMP", SnapshotServiceTimestamp, true),
            ("COHORT_KEY", CohortKey, true),
        ];
        return all.Where(variable => variable.Value is not null && (ofConfig || variable.InBoth))
            .Select(variable => KeyValuePair.Create(variable.Name, variable.Value));
    }

    private static string? Joined(IReadOnlyList<string> words) => words.Count > 0 ? string.Join(' ', words) : null;
}

using System.Diagnostics.CodeAnalysis;
using Buildd.Protocol.XmlRpc;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Protocol.Messages.Arguments;

/// <summary>
/// The arguments of the manager <c>livefs</c>, which makes an image: as Launchpad has it done (protocol section 12.4), from a branch
/// with a configuration of live-build, or with mmdebstrap. Which of them count depends on that.
/// </summary>
public record LiveFsArguments : BuildArguments
{
    private static readonly IReadOnlyDictionary<string, string> NoVariables = new Dictionary<string, string>();

    /// <summary>Arguments with the defaults of each property.</summary>
    public LiveFsArguments()
    {
    }

    /// <remarks>Masters of 2014 send no series and no pocket, but a suite: <c>trusty-proposed</c> is both.</remarks>
    [SetsRequiredMembers]
    private LiveFsArguments(ArgumentReader reader, (string Series, string? Pocket) target, string defaultArchitecture)
        : base(reader, target.Series, defaultArchitecture)
    {
        Project = reader.RequiredText(ArgumentNames.Project);
        Pocket = reader.Text(ArgumentNames.Pocket) ?? target.Pocket;
        DateStamp = reader.Text(ArgumentNames.DateStamp);
        SubArch = reader.Text(ArgumentNames.SubArch);
        SubProject = reader.Text(ArgumentNames.SubProject);
        ImageFormat = reader.Text(ArgumentNames.ImageFormat);
        Locale = reader.Text(ArgumentNames.Locale);
        ExtraPpas = reader.Texts(ArgumentNames.ExtraPpas) ?? [];
        ExtraSnaps = reader.Texts(ArgumentNames.ExtraSnaps) ?? [];
        Channel = reader.Text(ArgumentNames.Channel);
        ImageTargets = reader.Texts(ArgumentNames.ImageTargets) ?? [];
        RepoSnapshotStamp = reader.Text(ArgumentNames.RepoSnapshotStamp);
        SnapshotServiceTimestamp = reader.Text(ArgumentNames.SnapshotServiceTimestamp);
        CohortKey = reader.Text(ArgumentNames.CohortKey);
        Debug = reader.Flag(ArgumentNames.Debug);
        ImageTool = reader.Text(ArgumentNames.ImageTool);
        ConfigBranch = reader.Text(ArgumentNames.ConfigBranch);
        ConfigRef = reader.Text(ArgumentNames.ConfigRef);
        ConfigPath = reader.Text(ArgumentNames.ConfigPath);
        LbOptions = reader.Texts(ArgumentNames.LbOptions) ?? [];
        Environment = reader.Members(ArgumentNames.Environment);
        Variant = reader.Text(ArgumentNames.Variant);
        Packages = reader.Texts(ArgumentNames.Packages) ?? [];
        Others = reader.Others();
    }

    /// <summary>What is built; results are called <c>livecd.PROJECT.EXT</c>.</summary>
    public required string Project { get; init; }

    /// <summary>
    /// Launchpad's pocket; only there it matters, <c>proposed</c> more than others. Null (the default) sends <c>release</c>, since its
    /// slave wants one.
    /// </summary>
    public string? Pocket { get; init; }

    /// <summary>The image's version, beginning with its date, which its files get too; null (the default) for none.</summary>
    public string? DateStamp { get; init; }

    /// <summary>Launchpad's: the kind of machine, such as <c>raspi</c>; null (the default) for none.</summary>
    public string? SubArch { get; init; }

    /// <summary>Launchpad's: a variant of the project; null (the default) for none.</summary>
    public string? SubProject { get; init; }

    /// <summary>The form of the image, in the tool's words; null (the default) for the tool's own.</summary>
    public string? ImageFormat { get; init; }

    /// <summary>Launchpad's: has the image made with ubuntu-defaults-image, in this language; null (the default) does not.</summary>
    public string? Locale { get; init; }

    /// <summary>Launchpad's: further archives, <c>OWNER/NAME</c>; none by default.</summary>
    public IReadOnlyList<string> ExtraPpas { get; init => field = value ?? []; } = [];

    /// <summary>Launchpad's: snaps that the image holds; none by default.</summary>
    public IReadOnlyList<string> ExtraSnaps { get; init => field = value ?? []; } = [];

    /// <summary>Launchpad's: the channel that snaps come from; null (the default) for the tool's own.</summary>
    public string? Channel { get; init; }

    /// <summary>Launchpad's: which images are made, where a project has several; none by default, for all.</summary>
    public IReadOnlyList<string> ImageTargets { get; init => field = value ?? []; } = [];

    /// <summary>Launchpad's: the state of the archive that is built from; null (the default) for its newest.</summary>
    public string? RepoSnapshotStamp { get; init; }

    /// <summary>Launchpad's: the same, of its snapshot service; null (the default) for its newest.</summary>
    public string? SnapshotServiceTimestamp { get; init; }

    /// <summary>Launchpad's: keeps snaps at one revision (<c>cohort-key</c> on the wire); null (the default) for none.</summary>
    public string? CohortKey { get; init; }

    /// <summary>Launchpad's: whether live-build tells each line of its scripts; false by default.</summary>
    public bool Debug { get; init; }

    /// <summary>The image tool; null (the default) means live-build.</summary>
    public string? ImageTool { get; init; }

    /// <summary>The URL of the branch with live-build's configuration; null (the default) for none. It may hold credentials.</summary>
    public string? ConfigBranch { get; init; }

    /// <summary>A branch, tag or commit; null (the default) means what the repository says.</summary>
    public string? ConfigRef { get; init; }

    /// <summary>The folder in the branch; null (the default) means its top.</summary>
    public string? ConfigPath { get; init; }

    /// <summary>Options of <c>lb config</c>; none by default.</summary>
    public IReadOnlyList<string> LbOptions { get; init => field = value ?? []; } = [];

    /// <summary>Variables for live-build; none by default.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init => field = value ?? NoVariables; } = NoVariables;

    /// <summary>mmdebstrap's variant; null (the default) means <c>minbase</c>.</summary>
    public string? Variant { get; init; }

    /// <summary>Packages that mmdebstrap installs beside those of the variant; none by default.</summary>
    public IReadOnlyList<string> Packages { get; init => field = value ?? []; } = [];

    /// <inheritdoc cref="BinaryPackageArguments.FromXmlRpc"/>
    public static LiveFsArguments FromXmlRpc(XmlRpcStruct arguments, string defaultArchitecture)
    {
        var reader = new ArgumentReader(arguments);
        return new(reader, Target(reader), defaultArchitecture);
    }

    /// <summary>Returns the wire name of an argument that is given and only goes with a branch; null when there is none.</summary>
    public string? FindStrayOfBranch() => this switch
    {
        { ConfigRef: not null } => ArgumentNames.ConfigRef,
        { ConfigPath: not null } => ArgumentNames.ConfigPath,
        { LbOptions.Count: > 0 } => ArgumentNames.LbOptions,
        { Environment.Count: > 0 } => ArgumentNames.Environment,
        _ => null,
    };

    /// <summary>Project, series and architecture; no secrets.</summary>
    public sealed override string ToString() => $"{Project} ({Series}) {ArchTag}";

    private protected sealed override void Write(ArgumentWriter writer) => writer
        .Text(ArgumentNames.Project, Project)
        .Text(ArgumentNames.Pocket, Pocket ?? "release")
        .Text(ArgumentNames.DateStamp, DateStamp)
        .Text(ArgumentNames.SubArch, SubArch)
        .Text(ArgumentNames.SubProject, SubProject)
        .Text(ArgumentNames.ImageFormat, ImageFormat)
        .Text(ArgumentNames.Locale, Locale)
        .Texts(ArgumentNames.ExtraPpas, ExtraPpas)
        .Texts(ArgumentNames.ExtraSnaps, ExtraSnaps)
        .Text(ArgumentNames.Channel, Channel)
        .Texts(ArgumentNames.ImageTargets, ImageTargets)
        .Text(ArgumentNames.RepoSnapshotStamp, RepoSnapshotStamp)
        .Text(ArgumentNames.SnapshotServiceTimestamp, SnapshotServiceTimestamp)
        .Text(ArgumentNames.CohortKey, CohortKey)
        .Flag(ArgumentNames.Debug, Debug)
        .Text(ArgumentNames.ImageTool, ImageTool)
        .Text(ArgumentNames.ConfigBranch, ConfigBranch)
        .Text(ArgumentNames.ConfigRef, ConfigRef)
        .Text(ArgumentNames.ConfigPath, ConfigPath)
        .Texts(ArgumentNames.LbOptions, LbOptions)
        .Members(ArgumentNames.Environment, Environment)
        .Text(ArgumentNames.Variant, Variant)
        .Texts(ArgumentNames.Packages, Packages);

    private static (string Series, string? Pocket) Target(ArgumentReader reader)
    {
        if (reader.Text(ArgumentNames.Series) is { } series)
            return (series, null);
        var (ofSuite, pocket) = Pockets.Split(reader.RequiredText(ArgumentNames.Suite));
        return (ofSuite, pocket.ToLowerInvariant());
    }
}

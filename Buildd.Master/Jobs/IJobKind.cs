using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Inputs;

namespace Buildd.Master.Jobs;

/// <summary>
/// A kind of job, with everything that is special about it: the job for a slave, the name of its log, the content of its leaf
/// and the description of its builds. A kind is one folder here, such as <c>Jobs/Packages</c>, or one class of another program;
/// dispatch, uploads and mail use this interface and know no kind by name. Any thread may call.
/// </summary>
public interface IJobKind
{
    /// <summary>The name of the log of a kind that gives it none, as for most of the original's kinds.</summary>
    const string DefaultLogName = "buildlog.txt";

    /// <summary>Its name, the first part of its builds' cookies.</summary>
    string JobType { get; }

    /// <summary>
    /// Prepares a dispatch. The build is marked as building already, so no other master has it. An exception is logged and is
    /// like <see cref="NotNow"/>: nobody is blamed for it. Also called for a build that a former life of the master has
    /// dispatched, to know what must be kept out of its log.
    /// </summary>
    /// <param name="dispatch">What for, and where.</param>
    /// <param name="cancellationToken">Ends it; the build goes back into the queue.</param>
    Task<Preparation> PrepareAsync(Dispatching dispatch, CancellationToken cancellationToken);

    /// <summary>The content of a good build's leaf. It decides how the upload is checked, and who gets mail about the build.</summary>
    LeafContent LeafContent { get; }

    /// <summary>Describes a build, for the checks of its upload and for mail. An exception makes the upload fail.</summary>
    /// <param name="build">The build.</param>
    /// <param name="specification">Its specification.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The description; null when there is none: an upload of the build is then rejected, and mail says less.</returns>
    Task<BuildDescription?> DescribeAsync(Build build, ReadOnlyMemory<byte> specification, CancellationToken cancellationToken);

    /// <summary>The name under which the log is stored, without <c>.gz</c>; <see cref="DefaultLogName"/> by default.</summary>
    /// <param name="build">The build.</param>
    /// <param name="specification">Its specification.</param>
    /// <param name="state">
    /// How it ended. <see cref="BuildState.FullyBuilt"/> also if the upload isn't processed yet, <see cref="BuildState.NeedsBuild"/>
    /// if it is tried again.
    /// </param>
    string LogName(Build build, ReadOnlyMemory<byte> specification, BuildState state) => DefaultLogName;
}

/// <summary>The content of a good build's leaf.</summary>
public enum LeafContent
{
    /// <summary>
    /// Binary packages: exactly one <c>.changes</c> and the files that it lists. They are compared with each other, with the
    /// build's description and with the archive. Mail goes to the makers of the source and to the administrators.
    /// </summary>
    Packages,

    /// <summary>Files of any kind, each taken under its own name. Mail goes to the requester of the build.</summary>
    Files,
}

/// <summary>A dispatch that is to be prepared.</summary>
/// <param name="Build">The build.</param>
/// <param name="Specification">What <see cref="NewBuild.Specification"/> was.</param>
/// <param name="Builder">The builder that has taken it.</param>
/// <param name="Inputs">Where slaves get files.</param>
public sealed record Dispatching(Build Build, ReadOnlyMemory<byte> Specification, Builder Builder, IInputSource Inputs);

/// <summary>What came of preparing a dispatch.</summary>
public abstract record Preparation
{
    private protected Preparation()
    {
    }
}

/// <summary>The slave may be told.</summary>
/// <param name="Job">What. Its cookie has to be the build's.</param>
public sealed record Ready(BuildJob Job) : Preparation;

/// <summary>It can't be built now, through no fault of the builder or of its own: it goes back into the queue for a while.</summary>
/// <param name="Reason">Why, for people, such as <c>Missing chroot for bookworm amd64</c>.</param>
public sealed record NotNow(string Reason) : Preparation;

/// <summary>It is not to be built at all.</summary>
/// <param name="State">What it becomes: <see cref="BuildState.FailedToBuild"/> or <see cref="BuildState.Superseded"/>.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record Rejected(BuildState State, string Reason) : Preparation;

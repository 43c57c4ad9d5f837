using System.Text.Json;
using Buildd.Linux.Files;
using Buildd.Master.Builds;
using Buildd.Master.Inputs;
using Buildd.Protocol;
using Buildd.Protocol.Messages;
using Buildd.Protocol.Messages.Arguments;

namespace Buildd.Master.Jobs.LiveFs;

/// <summary>Builds of live filesystems and other images, <c>LIVEFSBUILD</c>: the slave's manager is <c>livefs</c>.</summary>
public sealed class LiveFsJobKind : IJobKind
{
    /// <summary>The kind's name.</summary>
    public const string Name = "LIVEFSBUILD";

    /// <inheritdoc/>
    public string JobType => Name;

    /// <inheritdoc/>
    public LeafContent LeafContent => LeafContent.Files;

    /// <summary>A job that makes a live file system or another image.</summary>
    /// <param name="cookie">The build's name between master and slave.</param>
    /// <param name="chroot">The chroot to build in.</param>
    /// <param name="arguments">The slave's arguments.</param>
    /// <exception cref="FileNameException">The cookie can't be part of a folder's name.</exception>
    public static BuildJob MakeJob(BuildCookie cookie, InputFile chroot, LiveFsArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return new BuildJob { Cookie = cookie, BuilderTag = WireNames.Managers.LiveFs, Chroot = chroot, Arguments = arguments.ToXmlRpc() };
    }

    /// <summary>Prepares a dispatch whose arguments somebody has computed, instead of reading them from the specification.</summary>
    /// <inheritdoc cref="IJobKind.PrepareAsync"/>
    /// <param name="dispatch">What for, and where.</param>
    /// <param name="image">The slave's arguments; those of the builder are added.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<Preparation> PrepareAsync(Dispatching dispatch, LiveFsArguments image, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(dispatch);
        ArgumentNullException.ThrowIfNull(image);
        var (build, _, builder, inputs) = dispatch;
        image = image.On(builder, build);
        return await inputs.FindChrootAsync(image.Series, image.ArchTag, cancellationToken).ConfigureAwait(false) is { } chroot
            ? new Ready(MakeJob(build.Cookie, chroot, image))
            : new NotNow($"Missing chroot for {image.Series} {image.ArchTag}.");
    }

    /// <inheritdoc/>
    public async Task<Preparation> PrepareAsync(Dispatching dispatch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(dispatch);
        LiveFsSpecification image;
        try
        {
            image = LiveFsSpecification.FromBytes(dispatch.Specification);
        }
        catch (JsonException exception)
        {
            return new Rejected(BuildState.FailedToBuild, $"Its specification can't be read: {Secrets.Quote(exception.Message)}");
        }

        return await PrepareAsync(dispatch, image, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Launchpad's name: <c>buildlog_DISTRIBUTION_SERIES_ARCH[_KEY]_PROJECT_STATUS.txt</c>.</summary>
    public string LogName(Build build, ReadOnlyMemory<byte> specification, BuildState state)
    {
        ArgumentNullException.ThrowIfNull(build);
        // One that can't be read was rejected; its log is of an attempt that another version of this program could read.
        if (TryRead(specification) is not { } image)
            return IJobKind.DefaultLogName;
        string?[] parts = [build.Distribution, image.Series, image.ArchTag, image.UniqueKey, image.Project, state.ToName()];
        var name = $"buildlog_{string.Join('_', parts.Where(part => part is not null))}.txt";
        return FileName.FindMistake(name + ".gz") is null ? name : IJobKind.DefaultLogName;
    }

    /// <inheritdoc/>
    /// <remarks>The member <c>description</c> of the specification adds to its other members and wins over them.</remarks>
    public Task<BuildDescription?> DescribeAsync(
        Build build, ReadOnlyMemory<byte> specification, CancellationToken cancellationToken)
    {
        var written = BuildDescription.FromMember(specification);
        return Task.FromResult(TryRead(specification) is { } image ? Describe(image, written ?? new BuildDescription()) : written);
    }

    private static BuildDescription Describe(LiveFsSpecification image, BuildDescription written) => written with
    {
        Name = written.Name ?? image.Project,
        Version = written.Version ?? image.DateStamp,
        Architecture = written.Architecture ?? image.ArchTag,
        Series = written.Series ?? image.Series,
        Pocket = written.Series is null ? (image.Pocket ?? "release").ToUpperInvariant() : written.Pocket,
        Requester = written.Requester ?? image.Requester,
    };

    private static LiveFsSpecification? TryRead(ReadOnlyMemory<byte> specification)
    {
        try
        {
            return LiveFsSpecification.FromBytes(specification);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

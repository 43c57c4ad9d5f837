using System.Text.Json;
using Buildd.Linux.Files;
using Buildd.Master.Builds;
using Buildd.Master.Inputs;
using Buildd.Protocol;
using Buildd.Protocol.Messages;
using Buildd.Protocol.Messages.Arguments;

namespace Buildd.Master.Jobs.Packages;

/// <summary>
/// Builds of source packages, <c>PACKAGEBUILD</c>: the slave's manager is <c>binarypackage</c>, or what <see cref="Build.Manager"/> names,
/// such as a plug-in that takes the same arguments.
/// </summary>
public sealed class PackageJobKind : IJobKind
{
    /// <summary>The kind's name.</summary>
    public const string Name = "PACKAGEBUILD";

    /// <inheritdoc/>
    public string JobType => Name;

    /// <inheritdoc/>
    public LeafContent LeafContent => LeafContent.Packages;

    /// <summary>A job that builds a source package.</summary>
    /// <param name="cookie">The build's name between master and slave.</param>
    /// <param name="chroot">The chroot to build in.</param>
    /// <param name="files">The <c>.dsc</c> and the files that it lists.</param>
    /// <param name="arguments">The slave's arguments.</param>
    /// <exception cref="ArgumentException">
    /// There is no <c>.dsc</c> among the files, or more than one: the slave would build the last.
    /// </exception>
    /// <exception cref="FileNameException">The cookie can't be part of a folder's name.</exception>
    public static BuildJob MakeJob(BuildCookie cookie, InputFile chroot, IReadOnlyList<InputFile> files, BinaryPackageArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(arguments);
        var descriptions = files.Count(file => file.Name.EndsWith(".dsc", StringComparison.Ordinal));
        if (descriptions != 1)
            throw new ArgumentException($"A source package has one .dsc, and here are {descriptions}.", nameof(files));
        return new BuildJob
        {
            Cookie = cookie,
            BuilderTag = WireNames.Managers.BinaryPackage,
            Chroot = chroot,
            Files = files,
            Arguments = arguments.ToXmlRpc(),
        };
    }

    /// <inheritdoc/>
    public async Task<Preparation> PrepareAsync(Dispatching dispatch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(dispatch);
        return TryRead(dispatch.Specification, out var mistake) is { } package
            ? await PrepareAsync(dispatch, package, cancellationToken).ConfigureAwait(false)
            : new Rejected(BuildState.FailedToBuild, $"Its specification can't be read: {mistake}");
    }

    /// <summary>Prepares a dispatch whose specification somebody has completed, instead of reading it.</summary>
    /// <inheritdoc cref="IJobKind.PrepareAsync"/>
    /// <param name="dispatch">What for, and where.</param>
    /// <param name="package">The specification; arguments of the builder are added.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<Preparation> PrepareAsync(
        Dispatching dispatch, PackageSpecification package, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(dispatch);
        ArgumentNullException.ThrowIfNull(package);
        var (build, _, builder, inputs) = dispatch;
        if (await inputs.FindChrootAsync(package.Series, package.ArchTag, cancellationToken).ConfigureAwait(false) is not { } chroot)
            return new NotNow($"Missing chroot for {package.Series} {package.ArchTag}.");
        var files = new List<InputFile>();
        foreach (var (name, sha1) in package.Files)
        {
            if (await inputs.FindFileAsync(build, name, sha1, cancellationToken).ConfigureAwait(false) is not { } file)
                return new NotNow($"Missing source file {name}.");
            files.Add(file);
        }

        package = package.On(builder, build);
        try
        {
            return new Ready(MakeJob(build.Cookie, chroot, files, package) with { BuilderTag = build.Manager });
        }
        catch (ArgumentException exception) // files of one name, or no .dsc
        {
            return new Rejected(BuildState.FailedToBuild, exception.Message);
        }
    }

    /// <summary>Launchpad's name: <c>buildlog_DISTRIBUTION-SERIES-ARCH.SOURCE_VERSION_STATUS.txt</c>.</summary>
    public string LogName(Build build, ReadOnlyMemory<byte> specification, BuildState state)
    {
        ArgumentNullException.ThrowIfNull(build);
        // One that can't be read was rejected; its log is of an attempt that another version of this program could read.
        if (TryRead(specification, out _) is not { } package)
            return IJobKind.DefaultLogName;
        var (target, source) = ($"{build.Distribution}-{package.Series}-{package.ArchTag}", $"{package.Source}_{package.Version}");
        var name = $"buildlog_{target}.{source}_{state.ToName()}.txt";
        return FileName.FindMistake(name + ".gz") is null ? name : IJobKind.DefaultLogName;
    }

    /// <inheritdoc/>
    /// <remarks>The member <c>description</c> of the specification adds to its other members and wins over them.</remarks>
    public Task<BuildDescription?> DescribeAsync(
        Build build, ReadOnlyMemory<byte> specification, CancellationToken cancellationToken)
    {
        var written = BuildDescription.FromMember(specification);
        return Task.FromResult(
            TryRead(specification, out _) is { } package ? Describe(package, written ?? new BuildDescription()) : written);
    }

    private static BuildDescription Describe(PackageSpecification package, BuildDescription written)
    {
        var (series, pocket) = Pockets.Split(package.Suite ?? package.Series);
        return written with
        {
            Name = written.Name ?? package.Source,
            Version = written.Version ?? package.Version,
            Architecture = written.Architecture ?? package.ArchTag,
            Series = written.Series ?? series,
            Pocket = written.Series is null ? pocket : written.Pocket,
            Component = written.Component ?? package.Component,
            Binaries = written.Binaries ?? package.Binaries,
            BuildUrl = written.BuildUrl ?? package.BuildUrl,
            Creators = written.Creators.Count > 0 || package.Requester is null ? written.Creators : [package.Requester],
        };
    }

    private static PackageSpecification? TryRead(ReadOnlyMemory<byte> specification, out string mistake)
    {
        try
        {
            mistake = "";
            return PackageSpecification.FromBytes(specification);
        }
        catch (JsonException exception)
        {
            mistake = Secrets.Quote(exception.Message);
            return null;
        }
    }
}

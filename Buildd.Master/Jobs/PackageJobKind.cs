using System.Text.Json;
using System.Text.Json.Serialization;
using Buildd.Master.Builds;

namespace Buildd.Master.Jobs;

/// <summary>What is to be known of the build of a source package, the specification of a <see cref="PackageJobKind"/>.</summary>
public sealed record PackageSpecification
{
    /// <summary>The source package's name.</summary>
    public required string Source { get; init; }

    /// <summary>Its version.</summary>
    public required string Version { get; init; }

    /// <summary>The series, such as <c>bookworm</c>.</summary>
    public required string Series { get; init; }

    /// <summary>The distribution that sbuild is told, such as <c>trusty-proposed</c>; null (the default) for the series.</summary>
    public string? Suite { get; init; }

    /// <summary>The architecture to build for.</summary>
    public required string ArchTag { get; init; }

    /// <summary>The source's files, the <c>.dsc</c> among them, in the order in which the slave is told of them.</summary>
    public required IReadOnlyList<SourceFile> Files { get; init; }

    /// <inheritdoc cref="BinaryPackageArguments.Component"/>
    public string Component { get; init; } = "main";

    /// <inheritdoc cref="BinaryPackageArguments.ArchivePurpose"/>
    public string ArchivePurpose { get; init; } = "PRIMARY";

    /// <inheritdoc cref="BinaryPackageArguments.Archives"/>
    public IReadOnlyList<string> Archives { get; init; } = [];

    /// <inheritdoc cref="BinaryPackageArguments.ArchivePrivate"/>
    public bool ArchivePrivate { get; init; }

    /// <inheritdoc cref="BinaryPackageArguments.ArchIndep"/>
    public bool ArchIndep { get; init; }

    /// <inheritdoc cref="BinaryPackageArguments.BuildDebugSymbols"/>
    public bool BuildDebugSymbols { get; init; }

    /// <inheritdoc cref="BinaryPackageArguments.BuildUrl"/>
    public string? BuildUrl { get; init; }

    /// <summary>Who asked for it, <c>Name &lt;address&gt;</c>: is told when it fails, as the source's creator. Null (the default) for nobody.</summary>
    public string? Requester { get; init; }

    /// <summary>A build of this, for the queue.</summary>
    /// <remarks>Architecture and processor are the same word here; change the record where they aren't.</remarks>
    public NewBuild ToNewBuild(string distribution = "debian", string owner = "", int score = 0) => new()
    {
        JobType = PackageJobKind.Name,
        Title = $"{ArchTag} build of {Source} {Version} in {distribution} {Pockets.Describe(Suite ?? Series)}",
        Subject = Source,
        Owner = owner,
        Distribution = distribution,
        Processor = ArchTag,
        Score = score,
        Specification = ToBytes(),
    };

    /// <summary>The specification as stores keep it: JSON.</summary>
    public ReadOnlyMemory<byte> ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, PackageJson.Default.PackageSpecification);

    /// <summary>Reads one.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static PackageSpecification FromBytes(ReadOnlyMemory<byte> bytes) =>
        JsonSerializer.Deserialize(bytes.Span, PackageJson.Default.PackageSpecification)
        ?? throw new JsonException("The specification of a package's build is null.");
}

/// <summary>A file of a source package.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Sha1">Its SHA-1, in lower-case hexadecimal; null when whatever the input source has is meant.</param>
public sealed record SourceFile(string Name, string? Sha1 = null);

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
    public async Task<Preparation> PrepareAsync(Dispatching dispatch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(dispatch);
        var (build, bytes, _, inputs) = dispatch;
        PackageSpecification package;
        try
        {
            package = PackageSpecification.FromBytes(bytes);
        }
        catch (JsonException exception)
        {
            return new Rejected(BuildState.FailedToBuild, $"Its specification can't be read: {Secrets.Quote(exception.Message)}");
        }

        if (await inputs.FindChrootAsync(package.Series, package.ArchTag, cancellationToken).ConfigureAwait(false) is not { } chroot)
            return new NotNow($"Missing chroot for {package.Series} {package.ArchTag}.");
        var files = new List<InputFile>();
        foreach (var (name, sha1) in package.Files)
        {
            if (await inputs.FindFileAsync(build, name, sha1, cancellationToken).ConfigureAwait(false) is not { } file)
                return new NotNow($"Missing source file {name}.");
            files.Add(file);
        }

        try
        {
            return new Ready(BuildJobs.BinaryPackage(build.Cookie, chroot, files, Arguments(package)) with { BuilderTag = build.Manager });
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
        try
        {
            var package = PackageSpecification.FromBytes(specification);
            var name = $"buildlog_{build.Distribution}-{package.Series}-{package.ArchTag}.{package.Source}_{package.Version}_{state.ToName()}.txt";
            return Debian.FileName.FindMistake(name + ".gz") is null ? name : "buildlog.txt";
        }
        catch (JsonException)
        {
            return "buildlog.txt"; // it was rejected for that; its log is of an attempt that another version of us could read
        }
    }

    private static BinaryPackageArguments Arguments(PackageSpecification package) => new()
    {
        Series = package.Series,
        Suite = package.Suite ?? package.Series,
        ArchTag = package.ArchTag,
        Component = package.Component,
        ArchivePurpose = package.ArchivePurpose,
        Archives = package.Archives,
        ArchivePrivate = package.ArchivePrivate,
        ArchIndep = package.ArchIndep,
        BuildDebugSymbols = package.BuildDebugSymbols,
        BuildUrl = package.BuildUrl,
    };
}

/// <summary>Reads and writes specifications without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PackageSpecification))]
internal sealed partial class PackageJson : JsonSerializerContext;

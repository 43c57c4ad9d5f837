using System.Text.Json;
using System.Text.Json.Serialization;
using Buildd.Master.Builds;
using Buildd.Protocol;
using Buildd.Protocol.Messages.Arguments;

namespace Buildd.Master.Jobs.Packages;

/// <summary>
/// The specification of a build of a source package, for <see cref="PackageJobKind"/>: what the slave is told, and what only the master
/// has to know.
/// </summary>
public sealed record PackageSpecification : BinaryPackageArguments
{
    /// <summary>The source package's name.</summary>
    public required string Source { get; init; }

    /// <summary>Its version.</summary>
    public required string Version { get; init; }

    /// <summary>The source's files, the <c>.dsc</c> among them, in the order in which the slave is told of them.</summary>
    public required IReadOnlyList<SourceFile> Files { get; init; }

    /// <summary>
    /// The names of the binary packages that the source builds (<see cref="Debian.Packages.SourceControl.Binaries"/>): no others of its
    /// build are accepted but their debug symbols. Null when nobody has read the <c>.dsc</c>, as in what earlier versions have queued: then
    /// only packages are accepted that the archive has from this source already.
    /// </summary>
    public IReadOnlyList<string>? Binaries { get; init; }

    /// <summary>
    /// The requester, <c>Name &lt;address&gt;</c>: gets mail when it fails, as the source's creator. Null (the default) for nobody.
    /// </summary>
    public string? Requester { get; init; }

    /// <summary>A build of this, for the queue.</summary>
    /// <remarks>Architecture and processor are the same word here; change the record where they aren't.</remarks>
    public NewBuild ToNewBuild(string distribution = "debian", string owner = "", int score = 0)
    {
        var (series, pocket) = Pockets.Split(Suite ?? Series);
        return new NewBuild
        {
            JobType = PackageJobKind.Name,
            Title = $"{ArchTag} build of {Source} {Version} in {distribution} {series} {pocket}",
            Subject = Source,
            Owner = owner,
            Distribution = distribution,
            Processor = ArchTag,
            Score = score,
            Specification = ToBytes(),
        };
    }

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
public sealed record SourceFile(string Name, Sha1? Sha1 = null);

/// <summary>Reads and writes specifications without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    Converters = [typeof(OthersConverter)])]
[JsonSerializable(typeof(PackageSpecification))]
internal sealed partial class PackageJson : JsonSerializerContext;

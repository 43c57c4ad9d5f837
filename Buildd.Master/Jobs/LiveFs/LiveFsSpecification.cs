using System.Text.Json;
using System.Text.Json.Serialization;
using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using Buildd.Protocol.Messages.Arguments;

namespace Buildd.Master.Jobs.LiveFs;

/// <summary>
/// The specification of a build of a live filesystem or another image, for <see cref="LiveFsJobKind"/>: what the slave is told, and what
/// only the master has to know.
/// </summary>
public sealed record LiveFsSpecification : LiveFsArguments
{
    /// <summary>What tells several builds of one project apart in the names of their logs; null (the default) for nothing.</summary>
    public string? UniqueKey { get; init; }

    /// <summary>Who asked for it, <c>Name &lt;address&gt;</c>: is told when it fails. Null (the default) for nobody.</summary>
    public string? Requester { get; init; }

    /// <summary>A build of this, for the queue.</summary>
    /// <remarks>Its estimate is half an hour, as the original's for an image that was never built.</remarks>
    public NewBuild ToNewBuild(string distribution = "debian", string owner = "", int score = 0) => new()
    {
        JobType = LiveFsJobKind.Name,
        Manager = WireNames.Managers.LiveFs,
        Title = $"{ArchTag} build of {Project}{(UniqueKey is null ? "" : $" ({UniqueKey})")} in {distribution} {Series} "
            + $"{(Pocket ?? "release").ToUpperInvariant()}",
        Subject = Project,
        Owner = owner,
        Distribution = distribution,
        Processor = ArchTag,
        Score = score,
        EstimatedDuration = TimeSpan.FromMinutes(30),
        Specification = ToBytes(),
    };

    /// <summary>The specification as stores keep it: JSON.</summary>
    public ReadOnlyMemory<byte> ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, LiveFsJson.Default.LiveFsSpecification);

    /// <summary>Reads one.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static LiveFsSpecification FromBytes(ReadOnlyMemory<byte> bytes) =>
        JsonSerializer.Deserialize(bytes.Span, LiveFsJson.Default.LiveFsSpecification)
        ?? throw new JsonException("The specification of a live filesystem's build is null.");
}

/// <summary>Reads and writes specifications without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    Converters = [typeof(OthersConverter)])]
[JsonSerializable(typeof(LiveFsSpecification))]
internal sealed partial class LiveFsJson : JsonSerializerContext;

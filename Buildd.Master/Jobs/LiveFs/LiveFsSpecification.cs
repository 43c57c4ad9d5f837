using System.Text.Json;
using System.Text.Json.Serialization;
using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Master.Jobs.LiveFs;

/// <summary>The specification of a build of a live filesystem or another image, for <see cref="LiveFsJobKind"/>.</summary>
public sealed record LiveFsSpecification
{
    /// <inheritdoc cref="LiveFsArguments.Project"/>
    public required string Project { get; init; }

    /// <inheritdoc cref="LiveFsArguments.Series"/>
    public required string Series { get; init; }

    /// <inheritdoc cref="LiveFsArguments.ArchTag"/>
    public required string ArchTag { get; init; }

    /// <inheritdoc cref="LiveFsArguments.Pocket"/>
    public string Pocket { get; init => field = value ?? "release"; } = "release"; // what is read from JSON sets to null what isn't there

    /// <summary>What tells several builds of one project apart in the names of their logs; null (the default) for nothing.</summary>
    public string? UniqueKey { get; init; }

    /// <inheritdoc cref="LiveFsArguments.DateStamp"/>
    public string? DateStamp { get; init; }

    /// <inheritdoc cref="LiveFsArguments.ImageTool"/>
    public string? ImageTool { get; init; }

    /// <inheritdoc cref="LiveFsArguments.ConfigBranch"/>
    public string? ConfigBranch { get; init; }

    /// <inheritdoc cref="LiveFsArguments.ConfigRef"/>
    public string? ConfigRef { get; init; }

    /// <inheritdoc cref="LiveFsArguments.ConfigPath"/>
    public string? ConfigPath { get; init; }

    /// <inheritdoc cref="LiveFsArguments.LbOptions"/>
    public IReadOnlyList<string> LbOptions { get; init => field = value ?? []; } = [];

    /// <inheritdoc cref="LiveFsArguments.Environment"/>
    public IReadOnlyDictionary<string, string> Environment { get; init => field = value ?? NoVariables; } = NoVariables;

    /// <inheritdoc cref="LiveFsArguments.Archives"/>
    public IReadOnlyList<string> Archives { get; init => field = value ?? []; } = [];

    /// <inheritdoc cref="LiveFsArguments.ArchivePrivate"/>
    public bool ArchivePrivate { get; init; }

    /// <summary>
    /// Arguments that have no property here, such as <c>subproject</c> or <c>extra_ppas</c>: texts, whole numbers, truth values, and lists
    /// and objects of those. They win over those that have. None by default.
    /// </summary>
    public IReadOnlyDictionary<string, JsonElement> Others { get; init => field = value ?? NoOthers; } = NoOthers;

    /// <summary>Who asked for it, <c>Name &lt;address&gt;</c>: is told when it fails. Null (the default) for nobody.</summary>
    public string? Requester { get; init; }

    private static IReadOnlyDictionary<string, string> NoVariables { get; } = new Dictionary<string, string>();

    private static IReadOnlyDictionary<string, JsonElement> NoOthers { get; } = new Dictionary<string, JsonElement>();

    /// <summary>A build of this, for the queue.</summary>
    /// <remarks>Its estimate is half an hour, as the original's for an image that was never built.</remarks>
    public NewBuild ToNewBuild(string distribution = "debian", string owner = "", int score = 0) => new()
    {
        JobType = LiveFsJobKind.Name,
        Manager = WireNames.Managers.LiveFs,
        Title = $"{ArchTag} build of {Project}{(UniqueKey is null ? "" : $" ({UniqueKey})")} in {distribution} {Series} "
            + $"{Pocket.ToUpperInvariant()}",
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

    /// <summary>The arguments as a slave gets them.</summary>
    /// <exception cref="FormatException">One of <see cref="Others"/> can't go over the wire.</exception>
    public LiveFsArguments ToArguments() => new()
    {
        Project = Project,
        Series = Series,
        ArchTag = ArchTag,
        Pocket = Pocket,
        DateStamp = DateStamp,
        ImageTool = ImageTool,
        ConfigBranch = ConfigBranch,
        ConfigRef = ConfigRef,
        ConfigPath = ConfigPath,
        LbOptions = LbOptions,
        Environment = Environment,
        Archives = Archives,
        ArchivePrivate = ArchivePrivate,
        Others = new XmlRpcStruct(Others.Select(pair => new KeyValuePair<string, XmlRpcValue>(pair.Key, ToXmlRpc(pair.Value)))),
    };

    private static XmlRpcValue ToXmlRpc(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => json.GetString()!,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number when json.TryGetInt32(out var number) => number,
        JsonValueKind.Array => new XmlRpcArray(json.EnumerateArray().Select(ToXmlRpc)),
        JsonValueKind.Object => new XmlRpcStruct(
            json.EnumerateObject().Select(member => new KeyValuePair<string, XmlRpcValue>(member.Name, ToXmlRpc(member.Value)))),
        _ => throw new FormatException(
            $"{Secrets.Quote(json.GetRawText())} can't be an argument: texts, whole numbers of 32 bits, true, false, lists and objects "
                + "can."),
    };
}

/// <summary>Reads and writes specifications without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LiveFsSpecification))]
internal sealed partial class LiveFsJson : JsonSerializerContext;

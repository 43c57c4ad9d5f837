using System.Text.Json;
using System.Text.Json.Serialization;

namespace Buildd.Master.Jobs;

/// <summary>What an archive is for; it decides who is told of failures, and what they are told.</summary>
public enum ArchivePurpose
{
    /// <summary>A distribution's own archive.</summary>
    Primary,

    /// <summary>Somebody's personal archive.</summary>
    Ppa,

    /// <summary>Rebuilds and snapshots of another archive.</summary>
    Copy,
}

/// <summary>
/// A build as its <see cref="IJobKind"/> describes it, for checks and mail. A null part is not known: an upload of packages is rejected
/// without its source, version, architecture and series, and a mail says that the part is not available. People are
/// <c>Name &lt;address&gt;</c>. Immutable.
/// </summary>
public sealed record BuildDescription
{
    /// <summary>The source package, or the live filesystem's name.</summary>
    public string? Name { get; init; }

    /// <summary>The source package's version, or the live filesystem build's.</summary>
    public string? Version { get; init; }

    /// <summary>The architecture's tag, such as <c>amd64</c>.</summary>
    public string? Architecture { get; init; }

    /// <summary>The series, such as <c>bookworm</c>.</summary>
    public string? Series { get; init; }

    /// <summary>
    /// The pocket's name: <c>RELEASE</c> (the default), <c>SECURITY</c>, <c>UPDATES</c>, <c>PROPOSED</c> or <c>BACKPORTS</c>.
    /// </summary>
    public string Pocket { get; init => field = value ?? "RELEASE"; } = "RELEASE"; // what is read from JSON sets to null what isn't there

    /// <summary>The component that the source is published in; where packages go whose section names none. Null for main.</summary>
    public string? Component { get; init; }

    /// <summary>
    /// The names of the binary packages that the source builds, without those of debug symbols that debhelper adds; null when they are not
    /// known: then only packages are accepted that the archive has from this source already.
    /// </summary>
    public IReadOnlyList<string>? Binaries { get; init; }

    /// <summary>What the archive is for; a distribution's own by default.</summary>
    public ArchivePurpose Purpose { get; init; }

    /// <summary>The archive's reference, such as <c>ubuntu</c> or <c>~owner/ubuntu/ppa</c>; null for the distribution's name.</summary>
    public string? ArchiveReference { get; init; }

    /// <summary>A personal archive's owner and name as a header has them, such as <c>owner-name</c>.</summary>
    public string? PpaName { get; init; }

    /// <summary>Who gets mail about a personal archive: its owner, or the members of the team that owns it.</summary>
    public IReadOnlyList<string> ArchiveOwners { get; init => field = value ?? []; } = [];

    /// <summary>Who made the source; several when it is a team.</summary>
    public IReadOnlyList<string> Creators { get; init => field = value ?? []; } = [];

    /// <summary>Who owns the key that signed the source.</summary>
    public string? Signer { get; init; }

    /// <summary>
    /// Whether the source came here from another archive, to which it was uploaded first; its maker is then not told. False by
    /// default.
    /// </summary>
    public bool IsCopied { get; init; }

    /// <summary>Whether the creator is among those who may upload to a personal archive; only then is the creator told.</summary>
    public bool CreatorIsMember { get; init; }

    /// <summary>Who asked for a live filesystem.</summary>
    public string? Requester { get; init; }

    /// <summary>The team's name when a team asked for a live filesystem.</summary>
    public string? RequesterTeam { get; init; }

    /// <summary>The page of the build.</summary>
    public string? BuildUrl { get; init; }

    /// <summary>Where its log is.</summary>
    public string? LogUrl { get; init; }

    /// <summary>Where the log of its upload is.</summary>
    public string? UploadLogUrl { get; init; }

    /// <summary>The page of its builder.</summary>
    public string? BuilderUrl { get; init; }

    /// <summary>The page of its source.</summary>
    public string? SourceUrl { get; init; }

    /// <summary>Series and pocket as apt names them, such as <c>bookworm-proposed</c>; null without a series.</summary>
    [JsonIgnore]
    public string? Suite => Series is null ? null : Pocket is "RELEASE" ? Series : $"{Series}-{Pocket.ToLowerInvariant()}";

    /// <summary>
    /// The description that a specification has in its member <c>description</c>, if it is a JSON object: the members are those
    /// of this type with a small first letter. Programs add in this way what a kind's own members have no place for.
    /// </summary>
    /// <param name="specification">The specification, in any format.</param>
    /// <returns>The description; null when the specification has none.</returns>
    public static BuildDescription? FromMember(ReadOnlyMemory<byte> specification)
    {
        if (specification.Span.IndexOfAnyExcept(" \t\r\n"u8) is not (>= 0 and var start) || specification.Span[start] != (byte)'{')
            return null; // some other format
        try
        {
            using var document = JsonDocument.Parse(specification);
            return document.RootElement.TryGetProperty("description", out var member)
                ? member.Deserialize(DescriptionJsonContext.Default.BuildDescription)
                : null;
        }
        catch (JsonException)
        {
            return null; // some other format that begins alike
        }
    }
}

[JsonSerializable(typeof(BuildDescription))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class DescriptionJsonContext : JsonSerializerContext;

using System.Text.Json;
using System.Text.Json.Serialization;
using Buildd.Debian.Packages;
using Buildd.Master.Mail;

namespace Buildd.Farm.Mail;

/// <summary>A mail that waits on the disk, as it stands in its file. Immutable.</summary>
internal sealed record SpooledMail
{
    /// <summary>The time at which it was to be sent.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>The number of tries; at least 1.</summary>
    public required int Tries { get; init; }

    /// <summary>The time of the next try.</summary>
    public required DateTimeOffset Due { get; init; }

    public required string From { get; init; }

    public required string To { get; init; }

    public required string Subject { get; init; }

    public required string Id { get; init; }

    /// <summary>Name and value of each header, in turn.</summary>
    public required IReadOnlyList<string> Headers { get; init; }

    public required string Body { get; init; }

    internal static SpooledMail Of(OutgoingMail mail, DateTimeOffset now, TimeSpan wait) => new()
    {
        Since = now,
        Tries = 1,
        Due = now + wait,
        From = mail.From.ToString(),
        To = mail.To.ToString(),
        Subject = mail.Subject,
        Id = mail.Id,
        Headers = [.. mail.Headers.SelectMany(header => new[] { header.Name, header.Value })],
        Body = mail.Body,
    };

    /// <summary>The mail itself.</summary>
    /// <exception cref="FormatException">The file was changed, and has an address that is none.</exception>
    internal OutgoingMail ToMail() => new()
    {
        From = MailPerson.Parse(From),
        To = MailPerson.Parse(To),
        Subject = Subject,
        Id = Id,
        Headers = [.. Headers.Chunk(2).Where(pair => pair.Length == 2).Select(pair => (pair[0], pair[1]))],
        Body = Body,
    };

    /// <exception cref="JsonException">It is no such file.</exception>
    internal static SpooledMail Read(ReadOnlySpan<byte> text) =>
        JsonSerializer.Deserialize(text, SpoolJson.Default.SpooledMail) ?? throw new JsonException("There is nothing in it.");

    internal byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, SpoolJson.Default.SpooledMail);
}

/// <summary>The file's form.</summary>
[JsonSerializable(typeof(SpooledMail))]
internal sealed partial class SpoolJson : JsonSerializerContext;

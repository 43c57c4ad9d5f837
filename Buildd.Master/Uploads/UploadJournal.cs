using System.Text.Json;
using System.Text.Json.Serialization;
using Buildd.Linux.Files;
using Buildd.Master.Uploads.Checks;

namespace Buildd.Master.Uploads;

/// <summary>What became of a leaf.</summary>
public enum UploadOutcome
{
    /// <summary>It was left where it is: not ours, or not yet.</summary>
    Skipped,

    /// <summary>All is well, and the archive has it.</summary>
    Accepted,

    /// <summary>A check found something; the leaf is in <c>rejected/</c>.</summary>
    Rejected,

    /// <summary>Processing broke, there was nothing to accept, or the build didn't wait for it; the leaf is in <c>failed/</c>.</summary>
    Failed,
}

/// <summary>What was decided about a leaf, written down before the first thing is changed.</summary>
internal sealed record UploadDecision
{
    /// <summary>The leaf's name in <c>incoming/</c>.</summary>
    public required string Leaf { get; init; }

    /// <summary>The build that it is processed for.</summary>
    public required long BuildId { get; init; }

    /// <summary>Whether a person named the build or the leaf; a failed build may then be rescued.</summary>
    public required bool IsNamed { get; init; }

    /// <summary>The decision.</summary>
    public required UploadOutcome Outcome { get; init; }

    /// <summary>The leaf's name in <c>rejected/</c> or <c>failed/</c>; null of an accepted one, and when it stays.</summary>
    public string? Destination { get; init; }

    /// <summary>Whether the leaf stays in <c>incoming/</c>.</summary>
    public bool Keep { get; init; }

    /// <summary>Why it failed, in one sentence.</summary>
    public string? Reason { get; init; }

    /// <summary>The text of the rejection mail's findings; null when nobody is to be told.</summary>
    public UploadRejection? Rejection { get; init; }

    /// <summary>Whether mail is sent.</summary>
    public bool Mails { get; init; }
}

[JsonSerializable(typeof(UploadDecision))]
[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
internal sealed partial class UploadJsonContext : JsonSerializerContext;

/// <summary>
/// One small file that holds the decision that is being carried out. It is written before the build or the leaf change and
/// removed when all is done: whoever finds one carries it out, and comes to the same end as if nobody had been killed.
/// </summary>
internal sealed class UploadJournal(string root, string context)
{
    private readonly string _path = System.IO.Path.Combine(root, $"process-upload-{context}.journal");

    public string Path => _path;

    /// <summary>What was being carried out; null when nothing was.</summary>
    /// <exception cref="UploadException">The file can't be read; guessing could lose an upload.</exception>
    public UploadDecision? Read()
    {
        try
        {
            using var file = File.OpenRead(_path);
            return JsonSerializer.Deserialize(file, UploadJsonContext.Default.UploadDecision);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new UploadException(
                $"{_path} is no journal: see which leaf it names, look whether the build and the leaf are as they should be, and remove "
                    + "it.", e);
        }
    }

    public void Write(UploadDecision decision) =>
        Durable.ReplaceFile(_path, JsonSerializer.SerializeToUtf8Bytes(decision, UploadJsonContext.Default.UploadDecision));

    /// <summary>Removes the decision.</summary>
    /// <param name="waits">
    /// Whether to wait for the disk. Carrying an accepted leaf out again changes nothing, whenever that is; one that was not accepted could
    /// by then be of a build that was retried and has another upload.
    /// </param>
    public void Clear(bool waits = true)
    {
        File.Delete(_path);
        if (waits)
            Durable.FlushFolder(System.IO.Path.GetDirectoryName(_path)!);
    }
}

namespace Buildd.Master.Uploads.Checks;

/// <summary>One thing that a check has to say about an upload.</summary>
/// <param name="IsWarning">Whether the upload may be accepted all the same.</param>
/// <param name="File">The name of the file it is about, as it came and unchecked; null when it is about the upload as a whole.</param>
/// <param name="Text">What it is, for people: a sentence, fit for a terminal and a mail.</param>
public sealed record UploadFinding(bool IsWarning, string? File, string Text)
{
    /// <summary>The sentence, with the word that tells a warning.</summary>
    public override string ToString() => IsWarning ? $"Warning: {Text}" : Text;
}

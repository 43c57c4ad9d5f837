namespace Buildd.Master.Uploads.Checks;

/// <summary>What the maker of a rejected upload is told.</summary>
internal sealed record UploadRejection(string ChangedBy, string Names, string Version, string? Suite, IReadOnlyList<string> Findings);

using System.Globalization;
using System.Text;
using Buildd.Linux.Files;
using Buildd.Master.Builds;
using Buildd.Master.Uploads.Checks;

namespace Buildd.Master.Uploads;

/// <summary>The logs of uploads that failed: one for each build, the last one, until its upload is accepted.</summary>
internal sealed class UploadLogs(string folder, TimeProvider time)
{
    public static string NameOf(Build build) => string.Create(CultureInfo.InvariantCulture, $"upload_{build.Id}_log.txt");

    public void Write(Build build, UploadDecision decision, IReadOnlyList<UploadFinding> findings)
    {
        Directory.CreateDirectory(folder);
        Durable.ReplaceFile(PathOf(build), Encoding.UTF8.GetBytes(TextOf(build, decision, findings)));
    }

    public async Task<string> ReadAsync(Build build, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllTextAsync(PathOf(build), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return build.Reason ?? "The upload was not accepted."; // somebody has taken the log away since
        }
    }

    public void Remove(Build build)
    {
        if (File.Exists(PathOf(build)))
            File.Delete(PathOf(build));
    }

    private string PathOf(Build build) => Path.Combine(folder, NameOf(build));

    private string TextOf(Build build, UploadDecision decision, IReadOnlyList<UploadFinding> findings)
    {
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"{time.GetUtcNow().UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC: leaf {decision.Leaf} of {build.Cookie} ({build.Title})\n");
        foreach (var finding in findings)
            text.Append(CultureInfo.InvariantCulture, $" * {finding}\n");
        if (decision.Outcome == UploadOutcome.Failed)
            text.Append(CultureInfo.InvariantCulture, $"{decision.Reason}\n");
        text.Append(
            CultureInfo.InvariantCulture,
            $"The upload was {(decision.Outcome == UploadOutcome.Rejected ? "rejected" : "not processed")}.\n");
        return text.ToString();
    }
}

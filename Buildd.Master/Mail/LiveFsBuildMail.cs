using System.Globalization;
using Buildd.Debian.Packages;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;

namespace Buildd.Master.Mail;

/// <summary>Writes the mail about one build that leaves files, such as a live filesystem.</summary>
internal static class LiveFsBuildMail
{
    /// <summary>The mail; null when nobody is known who asked for the build.</summary>
    public static OutgoingMail? Compose(Build build, BuildDescription description, MailOptions options)
    {
        if (description.Requester is null || MailPerson.TryParse(description.Requester) is not { } requester)
            return null;
        var team = description.RequesterTeam;
        var (subject, body) = options.Templates.LiveFsBuild.Fill(new Dictionary<string, string>
        {
            ["id"] = build.Id.ToString(CultureInfo.InvariantCulture),
            ["title"] = build.Title,
            ["livefs"] = description.Name ?? "",
            ["version"] = description.Version ?? build.Created.UtcDateTime.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture),
            ["archive"] = BuildTexts.Archive(build, description),
            ["distroseries"] = description.Series is { } series ? $"{build.Distribution} {series}" : "",
            ["architecture"] = description.Architecture ?? build.Processor ?? "",
            ["pocket"] = description.Pocket,
            ["state"] = build.State.ToTitle(),
            ["duration"] = build.Duration is { } duration ? ApproximateDuration.Text(duration) : "",
            ["log"] = description.LogUrl ?? "",
            ["upload_log"] = description.UploadLogUrl ?? "",
            ["builder"] = description.BuilderUrl ?? build.Builder ?? "",
            ["url"] = description.BuildUrl ?? "",
            ["reason"] = team is null ? "You are the requester of the build." : $"Your team {team} is the requester of the build.",
            ["separator"] = BuildTexts.Separator,
        });
        return new OutgoingMail
        {
            From = options.Sender,
            To = requester,
            Subject = subject,
            Id = BuildMailId.Of(build, requester),
            Headers =
            [
                ("X-Launchpad-Message-Rationale", team is null ? "Requester" : $"Requester @{team}"),
                ("X-Launchpad-Notification-Type", "livefs-build-status"),
                ("X-Launchpad-Build-State", build.State.ToName()),
            ],
            Body = body,
        };
    }
}

using System.Globalization;
using Buildd.Debian.Packages;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;

namespace Buildd.Master.Mail;

/// <summary>Writes the mails about one build of a package: the same text to each who is concerned, with headers of their own.</summary>
internal static class PackageBuildMail
{
    private const string NotAvailable = "not available";

    /// <summary>The mails, in order of the addresses.</summary>
    /// <param name="build">The build, in any state.</param>
    /// <param name="description">What is known of it.</param>
    /// <param name="extra">What there is to say besides; needed when its upload has failed.</param>
    /// <param name="options">Who is told.</param>
    /// <exception cref="InvalidOperationException">The upload has failed, and nothing says what was wrong and where it is now.</exception>
    public static IReadOnlyList<OutgoingMail> Compose(Build build, BuildDescription description, string? extra, MailOptions options)
    {
        if (build.State == BuildState.FailedToUpload && string.IsNullOrWhiteSpace(extra))
            throw new InvalidOperationException("Extra information is required for FAILEDTOUPLOAD notifications.");
        var text =
            build.State == BuildState.FailedToUpload ? $"Upload log:\n{extra!.TrimEnd()}\n" : extra is null ? "" : $"{extra.TrimEnd()}\n";
        return
        [
            .. Recipients(description, options).OrderBy(recipient => recipient.Person.Address, StringComparer.Ordinal).Select(recipient =>
            {
                var (subject, body) = options.Templates.PackageBuild.Fill(Values(build, description, text, recipient.Reason));
                return new OutgoingMail
                {
                    From = options.Sender,
                    To = recipient.Person,
                    Subject = subject,
                    Id = BuildMailId.Of(build, recipient.Person),
                    Headers = Headers(build, description, recipient),
                    Body = body,
                };
            }),
        ];
    }

    private static IReadOnlyList<Recipient> Recipients(BuildDescription description, MailOptions options)
    {
        var recipients = new Dictionary<string, Recipient>(StringComparer.OrdinalIgnoreCase);
        var isPpa = description.Purpose == ArchivePurpose.Ppa;
        if (options.NotifiesOwner && (isPpa || !description.IsCopied))
        {
            if (!isPpa || description.CreatorIsMember)
                Add(People(description.Creators), "Creator", "made the source package");
            if (description.Signer is not null)
                Add(People([description.Signer]), "Signer", "signed the source package");
        }

        if (isPpa)
            Add(People(description.ArchiveOwners), "Owner", "own the archive");
        else
            Add(options.Administrators, $"Buildd-Admin @{options.AdministratorsTeam}", "are a build-farm administrator");
        return [.. recipients.Values];

        void Add(IEnumerable<MailPerson> people, string rationale, string why)
        {
            foreach (var person in people)
                recipients.TryAdd(person.Address, new Recipient(person, rationale, $"You get this because you {why}."));
        }
    }

    private static Dictionary<string, string> Values(Build build, BuildDescription description, string extra, string reason) => new()
    {
        ["id"] = build.Id.ToString(CultureInfo.InvariantCulture),
        ["title"] = build.Title,
        ["subject_suffix"] = description.Purpose == ArchivePurpose.Ppa ? $" [{description.ArchiveReference ?? build.Archive}]" : "",
        ["source"] = description.Name ?? NotAvailable,
        ["version"] = description.Version ?? NotAvailable,
        ["architecture"] = description.Architecture ?? build.Processor ?? NotAvailable,
        ["archive"] = BuildTexts.Archive(build, description),
        ["component"] = description.Component ?? NotAvailable,
        ["state"] = build.State.ToTitle(),
        ["duration"] = Duration(build),
        ["log"] = Log(build, description),
        ["builder"] = Builder(build, description),
        ["source_url"] = description.Purpose == ArchivePurpose.Ppa ? NotAvailable : description.SourceUrl ?? NotAvailable,
        ["extra"] = extra,
        ["url"] = description.BuildUrl ?? "",
        ["reason"] = reason,
        ["separator"] = BuildTexts.Separator,
    };

    private static string Duration(Build build) => build.State switch
    {
        BuildState.NeedsBuild or BuildState.Superseded => NotAvailable,
        BuildState.Gathering or BuildState.Uploading => "uploading",
        BuildState.Building or BuildState.Cancelling => "not finished",
        _ => build.Duration is { } duration ? ApproximateDuration.Text(duration) : NotAvailable,
    };

    private static string Log(Build build, BuildDescription description) => build.State switch
    {
        BuildState.NeedsBuild or BuildState.Superseded => NotAvailable,
        BuildState.Gathering or BuildState.Uploading or BuildState.Building or BuildState.Cancelling => "see builder page",
        _ => description.LogUrl ?? "None",
    };

    private static string Builder(Build build, BuildDescription description) => build.State switch
    {
        BuildState.NeedsBuild or BuildState.Superseded or BuildState.Gathering or BuildState.Uploading => NotAvailable,
        _ => description.BuilderUrl ?? build.Builder ?? NotAvailable,
    };

    private static List<(string, string)> Headers(Build build, BuildDescription description, Recipient recipient)
    {
        var headers = new List<(string, string)>
        {
            ("X-Launchpad-Build-State", build.State.ToName()),
            ("X-Creator-Recipient", string.Join(",", People(description.Creators).Select(person => person.Address))),
            ("X-Launchpad-Build-Component", description.Component ?? ""),
            ("X-Launchpad-Build-Arch", description.Architecture ?? ""),
            ("X-Launchpad-Archive", description.ArchiveReference ?? build.Distribution),
            ("X-Launchpad-Notification-Type", "package-build-status"),
            ("X-Launchpad-Message-Rationale", recipient.Rationale),
            ("X-Launchpad-Message-For", recipient.Rationale.Split('@') is [_, var team] ? team : recipient.Person.Name),
        };
        if (description.Purpose == ArchivePurpose.Ppa)
            headers.Add(("X-Launchpad-PPA", description.PpaName ?? ""));
        return headers;
    }

    /// <summary>Those that are addresses; what a source package says of its maker is not always one.</summary>
    private static IEnumerable<MailPerson> People(IEnumerable<string> texts) => texts.Select(MailPerson.TryParse).OfType<MailPerson>();

    private sealed record Recipient(MailPerson Person, string Rationale, string Reason);
}

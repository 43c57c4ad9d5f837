using System.Globalization;
using Buildd.Debian.ControlFiles;
using Buildd.Master.Builds;
using Buildd.Master.Mail;
using Buildd.Master.Uploads;
using Buildd.Master.Uploads.Archives;
using Buildd.Master.Uploads.Checks;

namespace Buildd.Farm.Uploads;

/// <summary>
/// What the processing of uploads is told by a file in the style of Debian's control files: one paragraph, of which every field
/// may be missing. Paths are relative to the file's own folder; without a file, everything is below the root.
/// </summary>
internal sealed class UploadConfiguration
{
    private const int SubmissionPort = 587;
    private const int SmtpPort = 25;

    /// <summary>The fields, and what they mean; <c>docs/uploads.md</c> says more.</summary>
    internal static readonly string[] Fields =
    [
        "Builds", "Archive", "Files", "Upload-Logs", "Suites", "Components", "Sections", "Mail", "Mail-Password-File", "Mail-From",
        "Administrators", "Administrators-Team", "Send-Build-Notification", "Notify-Owner", "Templates",
    ];

    private readonly Paragraph? _paragraph;
    private readonly string _file;
    private readonly string _folder;

    private UploadConfiguration(Paragraph? paragraph, string file, string folder) => (_paragraph, _file, _folder) = (paragraph, file, folder);

    /// <summary>Reads the file.</summary>
    /// <param name="file">The file; null for none.</param>
    /// <param name="root">What paths are below when there is no file.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">It can't be read, or has a field that there isn't.</exception>
    internal static async Task<UploadConfiguration> ReadAsync(string? file, string root, CancellationToken cancellationToken)
    {
        if (file is null)
            return new UploadConfiguration(null, "", Path.GetFullPath(root));
        IReadOnlyList<Paragraph> paragraphs;
        try
        {
            paragraphs = await ControlReader.ReadFileAsync(file, cancellationToken);
        }
        catch (Exception e) when (e is ControlFileException or IOException or UnauthorizedAccessException)
        {
            throw new FarmException($"the configuration {file} can't be read: {e.Message}", e);
        }

        if (paragraphs.Count > 1)
            throw new FarmException($"the configuration {file} has more than one paragraph");
        foreach (var field in paragraphs.SelectMany(paragraph => paragraph.Fields))
        {
            if (!Fields.Contains(field.Name, StringComparer.OrdinalIgnoreCase))
                throw new FarmException($"{file}, line {field.Line}: there is no field {field.Name}; there are {string.Join(", ", Fields)}");
        }

        return new UploadConfiguration(paragraphs.Count == 0 ? null : paragraphs[0], file, Path.GetDirectoryName(Path.GetFullPath(file))!);
    }

    /// <summary>Puts the parts together.</summary>
    /// <param name="root">The folder with <c>incoming/</c>.</param>
    /// <param name="wait">How long to wait for another process.</param>
    /// <param name="loggers">Where diagnostics go.</param>
    /// <exception cref="FarmException">A field has a value that can't be used.</exception>
    internal UploadProcessor MakeProcessor(string root, TimeSpan wait, ILoggerFactory loggers)
    {
        var folder = PathOf("Builds", "builds");
        if (!Directory.Exists(folder))
            throw new FarmException($"{folder} is not there: the records of the builds are looked for in it (field Builds of --config)");
        var builds = new FileBuilds(folder);
        var descriptions = new RecordedDescriptions(builds);
        return new UploadProcessor(
            new UploadProcessorOptions
            {
                Root = root,
                LockWait = wait,
                LogFolder = this["Upload-Logs"] is null ? null : PathOf("Upload-Logs", ""),
                Policy = Policy(),
            },
            builds,
            MakeArchive(),
            descriptions,
            MakeMail(descriptions, loggers),
            TimeProvider.System,
            loggers.CreateLogger<UploadProcessor>());
    }

    private string? this[string field] => _paragraph?[field] is { Length: > 0 } value ? value.Trim() : null;

    private string PathOf(string field, string otherwise) => Path.GetFullPath(this[field] ?? otherwise, _folder);

    private UploadPolicy Policy()
    {
        var policy = new UploadPolicy();
        return policy with
        {
            Suites = Words("Suites") ?? policy.Suites,
            Components = Words("Components") ?? policy.Components,
            Sections = Words("Sections") is { } sections ? sections.Contains("any") ? null : sections : policy.Sections,
        };
    }

    private HashSet<string>? Words(string field) =>
        this[field]?.Split((char[])[' ', '\t', '\n', ','], StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);

    private IArchive MakeArchive()
    {
        var files = new DirectoryArchive(PathOf("Files", "archive"));
        return this["Archive"]?.Split((char[])[' ', '\t'], 2, StringSplitOptions.RemoveEmptyEntries) switch
        {
            null => files,
            ["directory", var path] => new DirectoryArchive(Path.GetFullPath(path, _folder)),
            ["reprepro", var path] => new RepreproArchive(Path.GetFullPath(path, _folder), files),
            _ => throw Mistake("Archive", "'directory FOLDER' or 'reprepro FOLDER'"),
        };
    }

    private MailNotifier? MakeMail(IBuildDescriptions descriptions, ILoggerFactory loggers)
    {
        if (this["Mail"] is null or "none")
            return null;
        var sender = this["Mail-From"] ?? throw new FarmException($"{_file}: Mail needs the field Mail-From, who mail is from");
        return new MailNotifier(
            new MailOptions
            {
                Sender = MailPerson.Parse(sender),
                Administrators = [.. (this["Administrators"] ?? "").Split((char[])['\n', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(MailPerson.Parse)],
                AdministratorsTeam = this["Administrators-Team"] ?? "buildd-admins",
                SendsBuildNotification = IsYes("Send-Build-Notification"),
                NotifiesOwner = IsYes("Notify-Owner"),
                Templates = this["Templates"] is null ? new MailTemplates() : MailTemplates.Load(PathOf("Templates", "")),
            },
            MakeTransport(),
            descriptions,
            loggers.CreateLogger<MailNotifier>());
    }

    private IMailTransport MakeTransport()
    {
        var text = this["Mail"]!;
        if (text == "sendmail")
            return new SendmailTransport();
        if (text.Split(' ', 2) is ["sendmail", var program])
            return new SendmailTransport(Path.GetFullPath(program.Trim(), _folder));
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("smtp" or "smtp+tls") || url.Host.Length == 0 || url.AbsolutePath is not ("" or "/"))
            throw Mistake("Mail", "'none', 'sendmail', 'sendmail PROGRAM', 'smtp://HOST[:PORT]' or 'smtp+tls://[USER@]HOST[:PORT]'");
        if (url.UserInfo.Contains(':', StringComparison.Ordinal))
            throw new FarmException($"{_file}: the password has to stand in a file of its own: Mail-Password-File");
        var isTls = url.Scheme == "smtp+tls";
        return new SmtpTransport(new SmtpOptions
        {
            Host = url.Host,
            Port = url.Port > 0 ? url.Port : isTls ? SubmissionPort : SmtpPort,
            UsesTls = isTls,
            User = url.UserInfo.Length > 0 ? Uri.UnescapeDataString(url.UserInfo) : null,
            Password = this["Mail-Password-File"] is null ? null : File.ReadAllText(PathOf("Mail-Password-File", "")).TrimEnd('\r', '\n'),
        });
    }

    private bool IsYes(string field) => this[field]?.ToLower(CultureInfo.InvariantCulture) switch
    {
        null or "yes" or "true" => true,
        "no" or "false" => false,
        _ => throw Mistake(field, "'yes' or 'no'"),
    };

    private FarmException Mistake(string field, string expected) => new($"{_file}: {field} is '{this[field]}', and may be {expected}");
}

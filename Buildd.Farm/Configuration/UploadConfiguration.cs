using System.Security.Cryptography;
using Buildd.Debian.Packages;
using Buildd.Farm.Compression;
using Buildd.Farm.Mail;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;
using Buildd.Master.Mail;
using Buildd.Master.Uploads;
using Buildd.Master.Uploads.Archives;
using Buildd.Master.Uploads.Checks;

namespace Buildd.Farm.Configuration;

/// <summary>Where accepted uploads go: the field Archive.</summary>
/// <param name="IsReprepro">Whether reprepro publishes packages there; else each upload has a folder of its own.</param>
/// <param name="Folder">The archive's folder.</param>
internal sealed record ArchiveChoice(bool IsReprepro, string Folder);

/// <summary>
/// What becomes of results: the fields of the farm's configuration about uploads and mail, and the parts that are made of them.
/// </summary>
internal sealed record UploadConfiguration
{
    /// <summary>The farm's own folder: what has no place of its own is below it.</summary>
    internal string Folder { get; init; } = "";

    /// <summary>Where accepted uploads go; null for the folder <c>archive</c> in <see cref="Folder"/>.</summary>
    internal ArchiveChoice? Archive { get; init; }

    /// <summary>
    /// Where live filesystems go when packages go to reprepro; null for the folder <c>archive</c> in <see cref="Folder"/>.
    /// </summary>
    internal string? Files { get; init; }

    /// <summary>Where the logs of uploads that failed are kept; null for <c>upload-logs</c> in the root.</summary>
    internal string? Logs { get; init; }

    /// <summary>What uploads may say of themselves.</summary>
    internal UploadPolicy Policy { get; init; } = new();

    /// <summary>How mail leaves; null when there is none.</summary>
    internal MailChoice? Mail { get; init; }

    /// <summary>The file with the password of the mail server's user.</summary>
    internal string? MailPasswordFile { get; init; }

    /// <summary>The file with those who may have signed the mail server's certificate, beside those whom the system trusts.</summary>
    internal string? MailAuthorities { get; init; }

    /// <summary>Who mail is from; there whenever <see cref="Mail"/> is.</summary>
    internal MailPerson? MailFrom { get; init; }

    /// <inheritdoc cref="MailOptions.Administrators"/>
    internal IReadOnlyList<MailPerson> Administrators { get; init; } = [];

    /// <inheritdoc cref="MailOptions.AdministratorsTeam"/>
    internal string AdministratorsTeam { get; init; } = "buildd-admins";

    /// <inheritdoc cref="MailOptions.SendsBuildNotification"/>
    internal bool SendsBuildNotification { get; init; } = true;

    /// <inheritdoc cref="MailOptions.NotifiesOwner"/>
    internal bool NotifiesOwner { get; init; } = true;

    /// <summary>The folder of texts that replace ours; null for none.</summary>
    internal string? Templates { get; init; }

    /// <summary>The archive's folder.</summary>
    internal string ArchiveFolder => Archive?.Folder ?? Path.Combine(Folder, "archive");

    /// <summary>The folder with the logs of uploads that failed.</summary>
    /// <param name="root">The folder with <c>incoming/</c>.</param>
    internal string LogFolder(string root) => Logs ?? Path.Combine(root, "upload-logs");

    /// <summary>The place of mail that waits until it is taken; null when no mail is sent.</summary>
    /// <exception cref="FarmException">The password can't be read.</exception>
    internal MailSpool? MakeSpool(TimeProvider time, ILoggerFactory loggers) => Mail is null
        ? null
        : Configured(() => new MailSpool(
            Path.Combine(Folder, "mail"), Mail.MakeTransport(MailPasswordFile, MailAuthorities), time, loggers.CreateLogger<MailSpool>()));

    /// <summary>Who tells people of builds and builders; null when no mail is sent.</summary>
    /// <exception cref="FarmException">The templates can't be read.</exception>
    internal MailNotifier? MakeMail(
        MailSpool? spool, IBuildRecords builds, IReadOnlyList<IJobKind> kinds, ILoggerFactory loggers)
    {
        return spool is null ? null : Configured(Make);

        MailNotifier Make()
        {
            var options = new MailOptions
            {
                Sender = MailFrom!,
                Administrators = Administrators,
                AdministratorsTeam = AdministratorsTeam,
                SendsBuildNotification = SendsBuildNotification,
                NotifiesOwner = NotifiesOwner,
            };
            return new MailNotifier(
                Templates is null ? options : options.WithTemplatesOf(Templates),
                spool,
                builds,
                kinds,
                loggers.CreateLogger<MailNotifier>());
        }
    }

    private static T Configured<T>(Func<T> make)
    {
        try
        {
            return make();
        }
        catch (Exception e) when (e is MailException or IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new FarmException($"mail can't be sent as the configuration says: {e.Message}", e)
            {
                ExitCode = FarmExitCode.BadConfiguration,
            };
        }
    }

    /// <summary>Puts the parts together.</summary>
    /// <param name="root">The folder with <c>incoming/</c>.</param>
    /// <param name="wait">How long to wait for another process that is at work there.</param>
    /// <param name="builds">The records.</param>
    /// <param name="kinds">The kinds of job.</param>
    /// <param name="mail">Who tells people; null for nobody.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">Where diagnostics go.</param>
    internal UploadProcessor MakeProcessor(
        string root,
        TimeSpan wait,
        IBuildRecords builds,
        IReadOnlyList<IJobKind> kinds,
        MailNotifier? mail,
        TimeProvider time,
        ILoggerFactory loggers) => new(
        new UploadProcessorOptions { Root = root, LockWait = wait, LogFolder = LogFolder(root), Policy = Policy },
        builds,
        MakeArchive(),
        kinds,
        mail,
        time,
        loggers.CreateLogger<UploadProcessor>());

    private IArchive MakeArchive() => Archive is { IsReprepro: true }
        ? new RepreproArchive(
            ArchiveFolder, new DirectoryArchive(Files ?? Path.Combine(Folder, "archive")), compressions: CompressedFile.Indexes)
        : new DirectoryArchive(ArchiveFolder);
}

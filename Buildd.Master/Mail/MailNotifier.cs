using Buildd.Debian.Packages;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;
using Buildd.Master.Notification;
using Buildd.Master.Uploads.Checks;
using Buildd.Protocol.Secrets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Buildd.Master.Mail;

/// <summary>
/// Tells people by mail. That a mail can't be sent is logged and changes nothing; the others are sent all the same. Whether one is tried
/// again is the transport's affair. Any thread may call.
/// </summary>
public sealed class MailNotifier : INotifier
{
    private readonly MailOptions _options;
    private readonly IMailTransport _transport;
    private readonly KnownKinds _kinds;
    private readonly ILogger<MailNotifier> _logger;

    /// <summary>Makes one.</summary>
    /// <param name="options">Who is told, and in whose name.</param>
    /// <param name="transport">How mail leaves.</param>
    /// <param name="builds">The records of the builds.</param>
    /// <param name="kinds">The kinds of job of the farm, which describe its builds.</param>
    /// <param name="logger">Where failures go; nowhere by default.</param>
    public MailNotifier(
        MailOptions options,
        IMailTransport transport,
        IBuildRecords builds,
        IReadOnlyList<IJobKind> kinds,
        ILogger<MailNotifier>? logger = null)
    {
        _options = options;
        _transport = transport;
        _kinds = new KnownKinds(kinds, builds);
        _logger = logger ?? NullLogger<MailNotifier>.Instance;
    }

    /// <inheritdoc/>
    public Task BuildFailedAsync(Build build, CancellationToken cancellationToken = default) => TellAsync(build, null, cancellationToken);

    /// <summary>The upload of a build was not accepted.</summary>
    /// <param name="build">The build, in <see cref="BuildState.FailedToUpload"/>.</param>
    /// <param name="extra">What was wrong, and the name of the leaf.</param>
    /// <param name="cancellationToken">Ends the sending.</param>
    /// <exception cref="InvalidOperationException"><paramref name="extra"/> is missing, without which nobody could help.</exception>
    public Task UploadFailedAsync(Build build, string extra, CancellationToken cancellationToken = default) =>
        TellAsync(build, extra, cancellationToken);

    /// <summary>An upload was rejected: for who made it.</summary>
    internal async Task UploadRejectedAsync(Build build, UploadRejection rejection, CancellationToken cancellationToken)
    {
        var description = await DescribeAsync(build, cancellationToken).ConfigureAwait(false);
        if (!_options.SendsBuildNotification || description.Purpose == ArchivePurpose.Copy
            || MailPerson.TryParse(rejection.ChangedBy) is not { } maker)
            return;
        var (subject, body) = _options.Templates.Rejection.Fill(new Dictionary<string, string>
        {
            ["archive"] = description.ArchiveReference ?? build.Distribution,
            ["suite"] = rejection.Suite ?? "unknown",
            ["names"] = rejection.Names,
            ["version"] = rejection.Version,
            ["findings"] = string.Join('\n', rejection.Findings.Select(finding => $" * {finding}")),
            ["separator"] = BuildTexts.Separator,
        });
        await SendAsync(
            new OutgoingMail
            {
                From = _options.Sender,
                To = maker,
                Subject = subject,
                Id = BuildMailId.Of($"{build.Cookie} {build.Attempt} rejected {rejection.Names} {rejection.Version} {build.Leaf}", maker),
                Body = body,
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task BuilderFailedAsync(Builder builder, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var (subject, body) = _options.Templates.BuilderFailed.Fill(new Dictionary<string, string>
        {
            ["name"] = builder.Name,
            ["url"] = UrlCredentials.Without(builder.Url.ToString()),
            ["reason"] = builder.FailNotes ?? "",
        });
        foreach (var administrator in _options.SendsBuildNotification ? _options.Administrators : [])
        {
            var mail = new OutgoingMail
            {
                From = _options.Sender,
                To = administrator,
                Subject = subject,
                Id = BuildMailId.Of($"{builder.Name} {builder.Revision} failed", administrator),
                Body = body,
            };
            await SendAsync(mail, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task TellAsync(Build build, string? extra, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(build);
        if (build.State == BuildState.FullyBuilt)
            return; // nobody is told of what went well
        var description = await DescribeAsync(build, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<OutgoingMail> mails = _kinds.KindOf(build)?.LeafContent == LeafContent.Files
            ? LiveFsBuildMail.Compose(build, description, _options) is { } mail ? [mail] : []
            : PackageBuildMail.Compose(build, description, extra, _options);
        foreach (var one in _options.SendsBuildNotification ? mails : [])
            await SendAsync(one, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The kind's description; where there is none, what the record says without being interpreted.</summary>
    private async Task<BuildDescription> DescribeAsync(Build build, CancellationToken cancellationToken) =>
        await _kinds.DescribeAsync(build, cancellationToken).ConfigureAwait(false)
        ?? new BuildDescription { Name = build.Subject.Length > 0 ? build.Subject : null, Architecture = build.Processor };

    private async Task SendAsync(OutgoingMail mail, CancellationToken cancellationToken)
    {
        try
        {
            await _transport.SendAsync(mail, cancellationToken).ConfigureAwait(false);
            _logger.LogMailSent(mail.To.Address, mail.Subject);
        }
        catch (MailException e) when (e.NextTry is { } next)
        {
            _logger.LogMailKept(e, mail.To.Address, next, mail.Subject);
        }
        catch (MailException e)
        {
            _logger.LogMailNotSent(e, mail.To.Address, mail.Subject);
        }
    }
}

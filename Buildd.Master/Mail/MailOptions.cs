using Buildd.Debian.Packages;
namespace Buildd.Master.Mail;

/// <summary>Who is told of builds, and in whose name.</summary>
public sealed record MailOptions
{
    /// <summary>Who mail comes from, for packages and live filesystems alike.</summary>
    public required MailPerson Sender { get; init; }

    /// <summary>Whether anything is sent at all (<c>send_build_notification</c>); true by default.</summary>
    public bool SendsBuildNotification { get; init; } = true;

    /// <summary>Whether the source's creator and signer are told too (<c>notify_owner</c>); true by default.</summary>
    public bool NotifiesOwner { get; init; } = true;

    /// <summary>
    /// Who looks after the farm: told of failed package builds of distributions' archives, and of builders that fail. None by
    /// default.
    /// </summary>
    public IReadOnlyList<MailPerson> Administrators { get; init; } = [];

    /// <summary>The name of their team, for a header; <c>buildd-admins</c> by default.</summary>
    public string AdministratorsTeam { get; init; } = "buildd-admins";

    /// <summary>The texts; ours by default.</summary>
    internal MailTemplates Templates { get; init; } = new();

    /// <summary>Returns these options with an installation's own texts.</summary>
    /// <param name="folder">
    /// Holds <c>package-build.txt</c>, <c>livefs-build.txt</c>, <c>rejection.txt</c> and <c>builder-failed.txt</c>, or some of them; the
    /// others stay ours.
    /// </param>
    /// <exception cref="MailException">One can't be read, or is no template.</exception>
    public MailOptions WithTemplatesOf(string folder) => this with { Templates = MailTemplates.Load(folder) };
}

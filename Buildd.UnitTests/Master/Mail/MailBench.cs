using Buildd.Master.Mail;

namespace Buildd.UnitTests.Master.Mail;

/// <summary>What the tests of mail share.</summary>
internal static class MailBench
{
    internal static MailOptions Options { get; } = new()
    {
        Sender = MailPerson.Parse("Buildd <buildd@example.org>"),
        Administrators = [MailPerson.Parse("Ada Admin <admin@example.org>")],
    };
}

/// <summary>Keeps mail instead of sending it.</summary>
internal sealed class RecordingTransport : IMailTransport
{
    private readonly List<OutgoingMail> _sent = [];

    internal IReadOnlyList<OutgoingMail> Sent => _sent;

    internal bool Fails { get; set; }

    public Task SendAsync(OutgoingMail mail, CancellationToken cancellationToken = default)
    {
        if (Fails)
            throw new MailException("no server answers");
        _sent.Add(mail);
        return Task.CompletedTask;
    }

    internal void Clear() => _sent.Clear();
}

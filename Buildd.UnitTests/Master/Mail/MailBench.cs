using Buildd.Debian.Packages;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;
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

/// <summary>A kind of job whose builds are all described alike.</summary>
internal sealed class DescribedKind(string jobType, LeafContent content, BuildDescription? description) : IJobKind
{
    public string JobType => jobType;

    public LeafContent LeafContent => content;

    public Task<BuildDescription?> DescribeAsync(
        Build build, ReadOnlyMemory<byte> specification, CancellationToken cancellationToken) => Task.FromResult(description);

    public Task<Preparation> PrepareAsync(Dispatching dispatch, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}

using Buildd.Debian.Packages;
namespace Buildd.Master.Mail;

/// <summary>A mail to one person, in plain text. Immutable.</summary>
public sealed record OutgoingMail
{
    /// <summary>Who it comes from; also where it goes back to if it can't be delivered.</summary>
    public required MailPerson From { get; init; }

    /// <summary>Who gets it.</summary>
    public required MailPerson To { get; init; }

    /// <summary>The subject, in one line.</summary>
    public required string Subject { get; init; }

    /// <summary>
    /// The part of the message's identification before the <c>@</c>, of letters, digits, dots and dashes. The same for the same
    /// mail: when one has to be sent again because nobody knows whether it was, programs can tell that it is no other.
    /// </summary>
    public required string Id { get; init; }

    /// <summary>Further headers, names and values, in their order.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>The text; lines end in a line feed.</summary>
    public required string Body { get; init; }
}

/// <summary>How mail leaves this machine. Any thread may call.</summary>
public interface IMailTransport
{
    /// <summary>Hands a mail over; when this returns somebody else is responsible for it.</summary>
    /// <exception cref="MailException">It was not handed over, or nobody knows.</exception>
    Task SendAsync(OutgoingMail mail, CancellationToken cancellationToken = default);
}

namespace Buildd.Master.Mail;

/// <summary>
/// A message could not be made or handed over; the message of the exception says which and why. A failure to send never fails
/// what the mail is about: whoever sends it logs this.
/// </summary>
public sealed class MailException : MasterException
{
    /// <param name="message">What could not be done, and why.</param>
    public MailException(string message)
        : base(message)
    {
    }

    /// <param name="message">What could not be done; the cause's own message is added.</param>
    /// <param name="cause">Why.</param>
    public MailException(string message, Exception cause)
        : base($"{message}: {(cause ?? throw new ArgumentNullException(nameof(cause))).Message}", cause)
    {
    }

    /// <param name="message">What could not be done, and why.</param>
    /// <param name="nextTry">When it is tried again.</param>
    /// <param name="cause">The failure that may pass.</param>
    public MailException(string message, DateTimeOffset nextTry, Exception cause)
        : base(message, cause) => NextTry = nextTry;

    /// <summary>
    /// Whether the same may go well later: nobody answered, or who did said so. The default is false: it would be refused again.
    /// </summary>
    public bool MayPass { get; init; }

    /// <summary>The time at which the mail is tried again; null, the default, when it is not.</summary>
    public DateTimeOffset? NextTry { get; init; }
}

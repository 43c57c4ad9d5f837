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
}

namespace Buildd.Master.Mail;

/// <summary>
/// A message could not be made or handed over; the message of the exception says which and why. A failure to send never fails
/// what the mail is about: whoever sends it logs this.
/// </summary>
public sealed class MailException : MasterException
{
    internal MailException(string message)
        : base(message)
    {
    }

    internal MailException(string message, Exception cause)
        : base($"{message}: {cause.Message}", cause)
    {
    }
}

namespace Buildd.Protocol;

/// <summary>
/// What can go wrong with the bytes, the messages or the conversation. Not under it: an <see cref="ArgumentException"/>
/// for a caller's mistake, and the <see cref="OperationCanceledException"/> of a caller that cancelled.
/// </summary>
public abstract class ProtocolException : Exception
{
    private protected ProtocolException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

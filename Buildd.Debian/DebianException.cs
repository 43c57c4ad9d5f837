namespace Buildd.Debian;

/// <summary>
/// The base of everything this library throws about what it was given to read: <see cref="ControlFiles.ControlFileException"/> and
/// <see cref="FileNameException"/>. Trouble with the disk stays an <see cref="IOException"/>, and cancellation an
/// <see cref="OperationCanceledException"/>.
/// </summary>
public abstract class DebianException : Exception
{
    private protected DebianException(string message) : base(message)
    {
    }
}

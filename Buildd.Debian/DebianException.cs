namespace Buildd.Debian;

/// <summary>
/// The base of everything this library throws about what it was given to read: <see cref="ControlFiles.ControlFileException"/>,
/// <see cref="Versions.VersionFormatException"/>, <see cref="Relations.RelationException"/>,
/// <see cref="Apt.ArchiveLineException"/> and <see cref="Keys.KeyRingException"/>. Trouble with the disk stays an
/// <see cref="IOException"/>, and cancellation an <see cref="OperationCanceledException"/>.
/// </summary>
public abstract class DebianException : Exception
{
    private protected DebianException(string message) : base(message)
    {
    }
}

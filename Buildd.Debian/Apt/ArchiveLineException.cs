namespace Buildd.Debian.Apt;

/// <summary>
/// A line is none of a <c>sources.list</c>. The message says what is wrong with it and quotes nothing: there may be a password in it.
/// </summary>
public sealed class ArchiveLineException : DebianException
{
    internal ArchiveLineException(string message) : base(message)
    {
    }
}

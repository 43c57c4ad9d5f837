namespace Buildd.Backends.Root;

/// <summary>
/// A privileged operation was refused or did not work out; the message says on what, and what was found. A command that
/// runs in a chroot and fails is not one: its exit code is a result.
/// </summary>
public sealed class RootOperationException : Exception
{
    internal RootOperationException(string message)
        : base(message)
    {
    }
}

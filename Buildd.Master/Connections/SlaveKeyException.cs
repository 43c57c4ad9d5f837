namespace Buildd.Master.Connections;

/// <summary>
/// A file with a key to slaves can't be used; nothing was sent, and no slave is to blame. The message names the file, and holds nothing of
/// what is in it.
/// </summary>
/// <param name="message">What can't be used, and why.</param>
/// <param name="innerException">The cause.</param>
public sealed class SlaveKeyException(string message, Exception? innerException = null) : MasterException(message, innerException);

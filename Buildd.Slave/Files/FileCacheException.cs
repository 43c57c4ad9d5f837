namespace Buildd.Slave.Files;

/// <summary>The cache's own folder can't be used: it is full, may not be written or read, or its disk is broken.</summary>
/// <remarks>Not under it: a file that is not there, and a server that does not give one.</remarks>
public sealed class FileCacheException : IOException
{
    internal FileCacheException(string message)
        : base(message)
    {
    }

    internal FileCacheException(string message, Exception innerException)
        : base($"{message}: {innerException.Message}", innerException)
    {
    }
}

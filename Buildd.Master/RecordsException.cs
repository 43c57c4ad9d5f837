namespace Buildd.Master;

/// <summary>
/// The records of builds or builders could not be read or written; nothing was half done. Stores throw it or a type of their own that
/// derives from it. A master takes it as "not now", blames no builder, and tries again.
/// </summary>
public class RecordsException : MasterException
{
    /// <summary>Makes one.</summary>
    /// <param name="message">What was tried, what was found and what to do.</param>
    /// <param name="innerException">The cause, if another exception was it.</param>
    public RecordsException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>
/// What was stored is no longer so: a replica that had not got all has taken over, or a backup was put in place. Whoever keeps records in
/// memory has to read them all again.
/// </summary>
public sealed class RecordsRewoundException : RecordsException
{
    /// <summary>Makes one.</summary>
    /// <param name="message">What was found.</param>
    public RecordsRewoundException(string message)
        : base(message)
    {
    }
}

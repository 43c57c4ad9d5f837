namespace Buildd.Slave;

/// <summary>
/// A call can't be carried out: wrong state, arguments that a backend refuses, a bad name. On the wire it is the fault
/// 8002 <c>error</c>; the message goes to the daemon's log.
/// </summary>
/// <remarks>Not under it: what the codec and the messages refuse, and a build that fails, which is an outcome.</remarks>
public sealed class RefusedException : Exception
{
    /// <summary>Makes one with a message that says what was asked and why it can't be.</summary>
    public RefusedException(string message)
        : base(message)
    {
    }

    /// <summary>
    /// Whether what was asked for is at fault, and not the slave: another one would refuse it as well. A master of ours is then told the
    /// message. False by default.
    /// </summary>
    public bool IsOfTheBuild { get; init; }

    /// <summary>The same, with the cause.</summary>
    public RefusedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

namespace Buildd.Slave.Builds;

/// <summary>A way of building: what the protocol calls a build manager. One object serves all builds of its tag.</summary>
public interface IBuildBackend
{
    /// <summary>The tag that masters ask for, such as <c>binarypackage</c>.</summary>
    string Tag { get; }

    /// <summary>
    /// Whether the logs of all its builds may hold secrets, as for kinds of build that work with tokens. The tail of such a
    /// log has another shape on the wire (<see cref="Logs.LogTail"/>). False by default: then it depends on the argument
    /// <c>archive_private</c>.
    /// </summary>
    bool HasPrivateLog => false;

    /// <summary>Checks the arguments of a build that is about to be accepted; touches nothing on the machine.</summary>
    /// <exception cref="RefusedException">The arguments are not good; the slave answers with the fault and stays idle.</exception>
    IBuild Prepare(BuildRequest request);
}

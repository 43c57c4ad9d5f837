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

    /// <summary>
    /// Ends what a build left that the slave did not see the end of: its processes, its mounts, files outside its folder.
    /// Called when the slave comes back, before anything else is built; the slave then removes the folder itself.
    /// </summary>
    /// <param name="left">The build. After a reboot nothing of it but files is there.</param>
    /// <param name="cancellationToken">The slave is being stopped again.</param>
    /// <remarks>By default nothing is done, which is right for a backend that starts no process and mounts nothing.</remarks>
    /// <exception cref="IOException">Something stays; the message goes into the build's log.</exception>
    Task EndLeftAsync(LeftBuild left, CancellationToken cancellationToken) => Task.CompletedTask;
}

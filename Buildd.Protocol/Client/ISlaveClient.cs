using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Protocol.Client;

/// <summary>
/// A master's side of the conversation with one slave. Any thread may call, also at the same time. Each method throws
/// a <see cref="SlaveException"/> whose type tells what to do, or an <see cref="OperationCanceledException"/> when, and
/// only when, the caller's own token was cancelled. Arguments that cannot be written are an
/// <see cref="XmlRpcWriteException"/>, and nothing is sent.
/// </summary>
public interface ISlaveClient
{
    /// <summary>The slave's base URL, without credentials.</summary>
    Uri Url { get; }

    /// <summary>Sends values to the slave, which returns them: is it there?</summary>
    /// <param name="arguments">Any values that can be written.</param>
    /// <param name="cancellationToken">Ends the wait; the slave may have answered all the same.</param>
    /// <returns>The same values.</returns>
    Task<IReadOnlyList<XmlRpcValue>> EchoAsync(
        IReadOnlyList<XmlRpcValue> arguments, CancellationToken cancellationToken = default);

    /// <summary>Asks what the slave is and can do.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Version, architecture and managers.</returns>
    Task<InfoReply> InfoAsync(CancellationToken cancellationToken = default);

    /// <summary>Asks what the slave is doing.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Its status.</returns>
    Task<StatusReply> StatusAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Has the slave fetch a file. Answered only once that is done, hence the longer
    /// <see cref="SlaveClientOptions.EnsurePresentTimeout"/>.
    /// </summary>
    /// <param name="call">Which file, and where from.</param>
    /// <param name="cancellationToken">Ends the wait; the slave goes on fetching.</param>
    /// <returns>Whether the file is there now.</returns>
    Task<EnsurePresentReply> EnsurePresentAsync(EnsurePresentCall call, CancellationToken cancellationToken = default);

    /// <summary>Starts a build.</summary>
    /// <param name="call">What to build.</param>
    /// <param name="cancellationToken">Ends the wait; the build may have begun all the same.</param>
    /// <returns>Whether it was taken.</returns>
    Task<BuildReply> BuildAsync(BuildCall call, CancellationToken cancellationToken = default);

    /// <summary>Stops the running build.</summary>
    /// <param name="cancellationToken">Ends the wait; the build may be stopping all the same.</param>
    /// <returns>The builder's status, aborting.</returns>
    Task<BuilderStatusReply> AbortAsync(CancellationToken cancellationToken = default);

    /// <summary>Has the slave forget an ended build and its results.</summary>
    /// <param name="cancellationToken">Ends the wait; the results may be gone all the same.</param>
    /// <returns>The builder's status, idle.</returns>
    Task<BuilderStatusReply> CleanAsync(CancellationToken cancellationToken = default);

    /// <summary>Asks how the current build reaches the outside.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What the build was given.</returns>
    Task<ProxyInfoReply> ProxyInfoAsync(CancellationToken cancellationToken = default);

    /// <summary>Opens a file of the slave's cache.</summary>
    /// <param name="name">A SHA-1, or <see cref="WireNames.BuildLog"/>. Neither a path nor escaped.</param>
    /// <param name="offset">Bytes to leave out at the start; at the file's end the content is empty.</param>
    /// <param name="cancellationToken">Ends the wait for the headers.</param>
    /// <returns>The file, to be disposed of by the caller.</returns>
    /// <exception cref="SlaveFileNotFoundException">There is no such file.</exception>
    /// <exception cref="SlaveProtocolException">
    /// Among other reasons, with status 416: the offset is past the file's end, which a log that began anew does.
    /// </exception>
    /// <exception cref="ArgumentException">The name is empty, or a path; or the offset is negative.</exception>
    Task<SlaveFile> OpenFileAsync(string name, long offset = 0, CancellationToken cancellationToken = default);
}

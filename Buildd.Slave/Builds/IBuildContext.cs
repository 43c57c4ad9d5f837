using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Logs;

namespace Buildd.Slave.Builds;

/// <summary>What a running build has of its slave. Its members may be called from any thread.</summary>
public interface IBuildContext
{
    /// <summary>The request that was prepared.</summary>
    BuildRequest Request { get; }

    /// <summary>
    /// The build's own folder <c>build-ID</c>: it exists, with a symbolic link into the cache for each input, and the slave
    /// removes it when the build has ended, if the build has not; but see <see cref="IBuild.LeavesDirectory"/>. Nobody but the slave's
    /// user enters it, and nobody else reads what the links lead to: a backend that runs something as another account lets that in.
    /// </summary>
    string Directory { get; }

    /// <summary>The log that the master and people read.</summary>
    BuildLog Log { get; }

    /// <summary>The clock.</summary>
    TimeProvider Time { get; }

    /// <summary>Moves a file of the build into the cache and lists it as a result.</summary>
    /// <param name="path">The file; it is gone from there afterwards. Links are refused.</param>
    /// <param name="name">
    /// The name in the file map; null means the file's own. It may have folders in it, as <c>job/file</c>, but lead nowhere
    /// else.
    /// </param>
    /// <param name="cancellationToken">Calls it off.</param>
    /// <returns>Where it lies now, as it is served: what wants to read it reads it there, where no build can change it.</returns>
    /// <exception cref="RefusedException">The name can't be used.</exception>
    /// <exception cref="NoRoomException">
    /// It would take more of the disk than may be used, if its holes are filled, as whoever reads it does; or it has to be copied.
    /// </exception>
    /// <exception cref="IOException">The file is not there, is a link, or the cache can't take it.</exception>
    Task<string> AddResultAsync(string path, string? name, CancellationToken cancellationToken);

    /// <summary>
    /// Notes where the build is. The slave remembers it over a restart, so that the log of a build that was cut short can say
    /// in which phase that was, and the members set so far with it.
    /// </summary>
    /// <param name="phase">The phase's name, in the backend's words.</param>
    void EnterPhase(string phase);

    /// <summary>Sets a member that <c>status</c> carries from now until <c>clean</c>, behind its own members.</summary>
    /// <remarks>
    /// A name of one of those, or a value that can't be sent (<see cref="Protocol.Messages.StatusReply.CanCarry"/>), is left
    /// out: <c>status</c> always answers.
    /// </remarks>
    void SetStatusMember(string name, XmlRpcValue value);

    /// <summary>Sets several members in place of others; <c>status</c> tells of all of that or of nothing.</summary>
    /// <param name="members">The members, as <see cref="SetStatusMember"/> takes them.</param>
    /// <param name="replaced">Names of members that go, unless they are set anew; names that are not there are passed over.</param>
    void SetStatusMembers(XmlRpcStruct members, IReadOnlySet<string> replaced);
}

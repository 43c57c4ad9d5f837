using Buildd.Backends.Commands;

namespace Buildd.Backends.Environments;

/// <summary>
/// Lets sbuild, which is no root, have its commands run in a container, by root of the container: a folder that both see, with
/// a pipe to call by. For each call there is a folder with the command's words, and pipes for its input, its output and its end.
/// </summary>
/// <remarks>
/// What comes through the door is done by the container's root, who can put anything into the folder at any time: links, devices, pipes
/// that nobody reads. So the side of this machine makes what it uses, looks at what it has opened, and follows no link. It belongs to
/// whoever builds; in the container nobody but root gets to the folder, so that a package's build can't call.
/// </remarks>
internal static class ContainerDoor
{
    /// <summary>The pipe that calls are announced by.</summary>
    internal const string Calls = "calls";

    /// <summary>
    /// The program that sbuild runs before each command: it calls, and behaves as the command would. $1 is the folder, as this
    /// machine has it; the rest is the command.
    /// </summary>
    internal static readonly string Caller = Scripts.Program("Environments/door-caller.pl");

    /// <summary>
    /// Answers, in the container; $1 is the folder, $2 the file that says that the network is over. Each command is nobody's child,
    /// so that the container's init collects it.
    /// </summary>
    internal static readonly string Answerer = Scripts.Text("Environments/door-answerer.sh");
}

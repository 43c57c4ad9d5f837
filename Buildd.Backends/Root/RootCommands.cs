using System.Text;
using Buildd.Backends.Commands;
using Buildd.Linux.Processes;

namespace Buildd.Backends.Root;

/// <summary>Runs the commands of privileged operations, and makes and removes the folders that only root gets into.</summary>
/// <param name="scope">What the commands belong to.</param>
/// <param name="output">Receives what the commands write.</param>
internal sealed class RootCommands(ProcessScope scope, OutputWriter output)
{
    /// <summary>The mode of a folder that nobody but its owner gets into.</summary>
    internal const UnixFileMode OnlyOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The environment that root has through sudo as well: nothing of the slave's own user.</summary>
    private static readonly KeyValuePair<string, string?>[] OfRoot = [new("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), new("HOME", "/root")];

    /// <summary>Runs a command and returns its exit code.</summary>
    internal Task<int> RunAsync(Command command, CancellationToken cancellationToken) => RunAsync(command, output, cancellationToken);

    /// <summary>Runs a command, whose output goes to <paramref name="writer"/>, and returns its exit code.</summary>
    internal async Task<int> RunAsync(Command command, OutputWriter writer, CancellationToken cancellationToken)
    {
        var complete = StepEnvironment.Complete(command with { Environment = command.Environment.AddRange(OfRoot) });
        var result = await ProcessRunner.RunAsync(complete, writer, scope, cancellationToken).ConfigureAwait(false);
        if (!result.OutputComplete)
            WriteLine($"(something that '{command.File}' left behind still held its output open; the build goes on without it)");
        return result.ExitCode;
    }

    /// <summary>Writes a line of our own beside what commands write.</summary>
    internal void WriteLine(string line) => output(Encoding.UTF8.GetBytes(line + "\n"));

    /// <summary>
    /// Makes a folder that nobody but root gets into, in place of one of that name: what an attempt before this one left could
    /// hold links, which tar would follow.
    /// </summary>
    /// <exception cref="RootOperationException">
    /// What was there can't be removed, or somebody else put something there meanwhile.
    /// </exception>
    internal async Task<OpenedPath> MakeOwnAsync(OpenedPath around, string name, CancellationToken cancellationToken)
    {
        if (await RemoveAsync(around, name, cancellationToken).ConfigureAwait(false) is not 0 and var code)
            throw new RootOperationException($"'{Path.Combine(around.Place, name)}' could not be removed: rm ended with {code}");
        Directory.CreateDirectory(Path.Combine(around.Handle, name), OnlyOwner);
        var made = around.OpenFolderBelow(name);
        if (made.Owner == 0 && made.Mode == OnlyOwner)
            return made;
        var found = made.Place;
        made.Dispose();
        throw new RootOperationException($"'{found}' was put there by somebody else");
    }

    /// <summary>
    /// Removes what has a name, never across a mount, and returns the command's exit code. A link is removed and not followed.
    /// </summary>
    internal Task<int> RemoveAsync(OpenedPath around, string name, CancellationToken cancellationToken) => RunAsync(
        Command.Of("rm", "-rf", "--one-file-system", "--", name) with { WorkingDirectory = around.Handle }, cancellationToken);
}

using System.Text;
using Buildd.Backends.Commands;
using Buildd.Backends.Root;
using Buildd.Backends.Steps;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;

namespace Buildd.Backends.Environments;

/// <summary>
/// The Debian system that one build takes place in, from the tarball that the master named to nothing at all again. Its
/// members are called in the order in which they stand here; from <see cref="KillAsync"/> on they are called whatever
/// happened before, each in any case.
/// </summary>
/// <remarks>
/// Whoever implements this: after <see cref="RemoveAsync"/> no process, mount or file is left, at whatever moment the build
/// was aborted; and what a slave leaves that was killed is ended at its next start. Every change to files
/// inside goes through a program that runs inside: a link in the tarball that leads out of the system then leads nowhere,
/// where a write from outside would follow it on this machine.
/// </remarks>
internal abstract class BuildEnvironment
{
    /// <summary>
    /// Reads shell from standard input, which sets variables and adds arguments to the command that follows the folder to run it in.
    /// </summary>
    private const string WithVariables = """eval "$(cat)" && cd -- "$1" && shift && exec "$@" </dev/null""";

    /// <summary>
    /// Once the folder is entered nothing can put another in its way, and of the name no link is followed. What a message of these
    /// programs would say is not part of the file.
    /// </summary>
    private const string CopyScript =
        """
        exec 2>/dev/null
        cd -P -- "$1" && [ "$(pwd -P)" = "$1" ] && [ -f "$2" ] && [ ! -L "$2" ] || exit 66
        exec dd bs=1M iflag=nofollow "if=./$2"
        """;

    /// <summary>What <see cref="CopyScript"/> exits with when there is no such file.</summary>
    private const int NoFile = 66;

    /// <summary>Makes the build's account known inside, with this machine's numbers, and gives it the folder to build in.</summary>
    private static readonly string AccountScript = Scripts.Text("Environments/make-account.sh");

    /// <summary>
    /// Whether the build reaches the network. Without it what installs and fetches for the build still does: it is sbuild's package that
    /// doesn't, and of other kinds of build what <see cref="RunWorkAsync"/> is asked for.
    /// </summary>
    internal bool HasNetwork { get; init; } = true;

    /// <summary>The kernel as the build is to see it; null for as it is.</summary>
    internal Personality? Personality { get; init; }

    /// <summary>
    /// A command that sees the kernel as the build is to. Whatever runs programs of the build's packages or its source wears it; commands
    /// of the slave's own need not.
    /// </summary>
    internal Command Wear(Command command) => Personality?.Wear(command) ?? command;

    /// <summary>The command, to be run inside as root, in the network of a build that has none.</summary>
    private protected virtual Command Isolate(Command command) => NetworkIsolation.Isolate(command);

    /// <summary>
    /// Runs a command inside as root that runs what a source tree brings: with its <see cref="Personality"/>, and without a network where
    /// the build has none.
    /// </summary>
    /// <returns>Its exit code.</returns>
    /// <exception cref="PhaseFailedException">There is no system to run it in.</exception>
    internal Task<int> RunWorkAsync(Command command, CancellationToken cancellationToken, string? description = null)
    {
        command = Wear(command);
        return HasNetwork
            ? RunInsideAsync(command, cancellationToken, description: description)
            : RunInsideAsync(Isolate(command), cancellationToken, description: $"{description ?? command.ToString()} (without a network)");
    }

    /// <summary>The build's own folder on this machine.</summary>
    private protected abstract string BuildDirectory { get; }

    /// <summary>
    /// Whether its files lie at <see cref="BuildLayout.ChrootIn"/> for this machine's programs too, with this machine's numbers of users.
    /// </summary>
    internal virtual bool IsOnThisMachine => true;

    /// <summary>A sentence on what this machine lacks for it; null when all is well. Touches nothing.</summary>
    internal abstract Task<string?> FindMistakeAsync(CancellationToken cancellationToken);

    /// <summary>Phase unpack: the tarball, in whatever compression tar knows.</summary>
    /// <exception cref="PhaseFailedException">It can't be unpacked.</exception>
    internal abstract Task UnpackAsync(CancellationToken cancellationToken);

    /// <summary>Phase mount: what a running system has; commands can run in it afterwards.</summary>
    /// <exception cref="PhaseFailedException">Something can't be mounted or started.</exception>
    internal abstract Task MountAsync(CancellationToken cancellationToken);

    /// <summary>The end of phase update: what only a whole system has, once its packages are there. Nothing, for most.</summary>
    /// <returns>Whether its file systems in memory are new, and what was in them before is gone.</returns>
    /// <exception cref="PhaseFailedException">It can't be started.</exception>
    internal virtual Task<bool> StartAsync(CancellationToken cancellationToken) => Task.FromResult(false);

    /// <summary>Runs a command inside as root, and returns its exit code.</summary>
    /// <param name="command">The command; its environment and working folder are not taken over.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <param name="input">What it reads.</param>
    /// <param name="output">Gets what it writes; null means the log.</param>
    /// <param name="description">What the log is told in its place; null means the command.</param>
    /// <exception cref="PhaseFailedException">There is no system to run it in.</exception>
    internal abstract Task<int> RunInsideAsync(
        Command command, CancellationToken cancellationToken,
        ReadOnlyMemory<byte> input = default, OutputWriter? output = null, string? description = null);

    /// <summary>Writes a file inside, with mode 0644, in place of whatever has that name. Its folder must be there.</summary>
    /// <exception cref="PhaseFailedException">It can't be written.</exception>
    internal abstract Task WriteFileAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>
    /// Moves an ordinary file out of the system into the build's folder. Nothing inside can have it lead elsewhere: no link is
    /// followed. The caller moves it on before the next is taken.
    /// </summary>
    /// <returns>Where it is now.</returns>
    /// <exception cref="PhaseFailedException">It is not there, is no ordinary file, or lies behind a link.</exception>
    /// <remarks>
    /// Here a program inside copies it, for systems whose files this machine's programs don't reach; where they do, it is overridden
    /// and nothing is copied.
    /// </remarks>
    internal virtual async Task<string> TakeAsync(string path, CancellationToken cancellationToken)
    {
        var target = Path.Combine(BuildDirectory, BuildLayout.Taken);
        int code;
        var file = new FileStream(target, FileMode.CreateNew, FileAccess.Write);
        await using (file.ConfigureAwait(false))
        {
            code = await RunInsideAsync(
                Command.Of("/bin/sh", "-c", CopyScript, "sh", Path.GetDirectoryName(path)!, Path.GetFileName(path)), cancellationToken,
                output: file.Write, description: $"take {path} out of the system").ConfigureAwait(false);
        }

        if (code == 0)
            return target;
        File.Delete(target);
        throw new PhaseFailedException(BuildStatus.PackageFail, code == NoFile
            ? $"'{path}' is not there, is no ordinary file, or lies behind a link"
            : $"'{path}' can't be taken out of the system: exit code {code}");
    }

    /// <summary>
    /// Lets the system read a folder of this machine at a folder of its own, which must be there. <see cref="UnmountAsync"/> ends that.
    /// </summary>
    /// <param name="folder">The folder, which has to lie in one of <see cref="RootPlace.ReadableFolders"/>.</param>
    /// <param name="path">Where it is to appear.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="PhaseFailedException">The folder is not there or not allowed, or this kind of environment can't do it.</exception>
    internal virtual Task BindAsync(string folder, string path, CancellationToken cancellationToken) =>
        throw new PhaseFailedException(BuildStatus.BuilderFail, "folders of this machine can't be read in this kind of environment");

    /// <summary>Makes the system one that sbuild can build in, as that user.</summary>
    /// <returns>How sbuild is run for that.</returns>
    /// <exception cref="PhaseFailedException">It can't be done.</exception>
    internal abstract Task<SbuildAccess> OpenToSbuildAsync(BuildUser user, CancellationToken cancellationToken);

    /// <summary>Part of phase reap: what runs inside and is not seen by the build's scope.</summary>
    /// <exception cref="PhaseFailedException">Something survived.</exception>
    internal abstract Task KillAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Takes back what <see cref="OpenToSbuildAsync"/> did outside of the build's folder; nothing when it was not called.
    /// </summary>
    /// <exception cref="PhaseFailedException">It can't be done.</exception>
    internal abstract Task CloseToSbuildAsync(CancellationToken cancellationToken);

    /// <summary>Phase umount: all that is mounted at or below the system, also by the build itself.</summary>
    /// <exception cref="PhaseFailedException">Something stays mounted.</exception>
    internal abstract Task UnmountAsync(CancellationToken cancellationToken);

    /// <summary>Phase cleanup: the system's files. Never across a mount.</summary>
    /// <exception cref="PhaseFailedException">Something stays.</exception>
    internal abstract Task RemoveAsync(CancellationToken cancellationToken);

    /// <summary>Part of phase mount: how this machine finds others by name.</summary>
    /// <exception cref="PhaseFailedException">It can't be written.</exception>
    internal async Task WriteNamesAsync(CancellationToken cancellationToken)
    {
        foreach (var name in (string[])["hosts", "hostname", "resolv.conf"])
        {
            var source = Path.Combine("/etc", name);
            if (File.Exists(source))
                await WriteFileAsync(
                    $"/etc/{name}", await File.ReadAllBytesAsync(source, cancellationToken).ConfigureAwait(false), cancellationToken)
                        .ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Runs a command inside as root, with its own environment and working folder, with the build's <see cref="Personality"/>, and nothing
    /// to read.
    /// </summary>
    /// <param name="command">
    /// The command. Values of variables are in no command line and so in no list of processes and no log of sudo's. Arguments are in the
    /// command line of the command itself and in no other.
    /// </param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <param name="output">Gets what it writes; null means the log.</param>
    /// <returns>Its exit code; that of cd where there is no such folder.</returns>
    /// <exception cref="PhaseFailedException">There is no system to run it in.</exception>
    internal Task<int> RunInsideWithVariablesAsync(Command command, CancellationToken cancellationToken, OutputWriter? output = null)
    {
        command = Wear(command);
        var script = string.Concat(command.Environment.OrderBy(variable => variable.Key, StringComparer.Ordinal).Select(
            variable => variable.Value is { } value ? $"export {variable.Key}={ShellWord(value)}\n" : $"unset {variable.Key}\n"));
        var arguments = string.Concat(command.Arguments.Select(argument => $" {ShellWord(argument)}"));
        return RunInsideAsync(
            Command.Of("/bin/sh", "-c", WithVariables, "sh", command.WorkingDirectory ?? "/", command.File),
            cancellationToken, Encoding.UTF8.GetBytes($"{script}set -- \"$@\"{arguments}\n"), output, description: $"{command}");
    }

    /// <summary>Runs a command inside as root that has to succeed.</summary>
    /// <exception cref="PhaseFailedException">It did not; the chroot is what failed.</exception>
    internal async Task RunInsideOrFailAsync(
        Command command, CancellationToken cancellationToken, ReadOnlyMemory<byte> input = default, string? description = null)
    {
        var code = await RunInsideAsync(command, cancellationToken, input, description: description).ConfigureAwait(false);
        if (code != 0)
            throw new PhaseFailedException(
                BuildStatus.ChrootFail,
                $"'{description ?? command.ToString()}' ended with {new ExitCode(code).Describe()}");
    }

    /// <summary>Makes an account known inside, with this machine's numbers, and gives it the folder <c>/build</c> there.</summary>
    /// <exception cref="PhaseFailedException">It can't be done.</exception>
    internal Task MakeKnownAsync(BuildUser user, CancellationToken cancellationToken) => RunScriptAsync(
        $"make user {user.Name} known in the chroot", AccountScript,
        [user.PasswdLine, user.GroupLine, user.SbuildGroupLine, user.Name], cancellationToken);

    private static string ShellWord(string value) => $"'{value.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>Runs a few lines of shell inside, which have to succeed; the log gets the description in their place.</summary>
    /// <exception cref="PhaseFailedException">They did not.</exception>
    internal Task RunScriptAsync(string description, string script, IEnumerable<string> arguments, CancellationToken cancellationToken) =>
        RunInsideOrFailAsync(Command.Of("/bin/sh", ["-c", script, "sh", .. arguments]), cancellationToken, description: description);
}

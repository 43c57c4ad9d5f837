using Buildd.Backends.Root;
using Buildd.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.Environments;

/// <summary>
/// A folder with a Debian system in it, unpacked from a tarball for one build: the way the reference does it. All that
/// happens to it needs root, and so is a <see cref="RootOperation"/>.
/// </summary>
/// <remarks>
/// Every change to files inside goes through a program that runs inside: a link in the tarball that leads out of the
/// chroot then leads nowhere, where a write from outside would follow it on this machine.
/// </remarks>
internal sealed class ChrootEnvironment
{
    /// <summary>The top folder that farms' tarballs have.</summary>
    internal const string FolderName = "chroot-autobuild";

    private readonly IBuildContext _context;
    private readonly StepRunner _steps;
    private readonly string _id;

    internal ChrootEnvironment(IBuildContext context, StepRunner steps)
    {
        _context = context;
        _steps = steps;
        _id = context.Request.BuildId;
    }

    /// <summary>The chroot's name for sbuild, once it is defined.</summary>
    internal string SchrootName => SchrootDefinition.NameOf(_id);

    /// <summary>Where the chroot of a build will be; also before it is there.</summary>
    internal static string RootDirectoryOf(IBuildContext context) => RootDirectoryIn(context.Directory);

    /// <summary>Where the chroot is in a build's folder.</summary>
    internal static string RootDirectoryIn(string buildDirectory) => Path.Combine(buildDirectory, FolderName);

    /// <summary>Phase unpack: the tarball, in whatever compression tar knows.</summary>
    internal Task UnpackAsync(CancellationToken cancellationToken) =>
        RunAsync(new RootOperation.Unpack(_id, Path.GetFileName(_context.Request.ChrootPath)), "unpack the chroot", BuildStatus.ChrootFail, cancellationToken);

    /// <summary>Phase mount: file systems, and how this machine finds others by name.</summary>
    internal async Task MountAsync(CancellationToken cancellationToken)
    {
        await RunAsync(new RootOperation.Mount(_id), "mount what a running system has in the chroot", BuildStatus.ChrootFail, cancellationToken).ConfigureAwait(false);

        foreach (var name in (string[])["hosts", "hostname", "resolv.conf"])
        {
            var source = Path.Combine("/etc", name);
            if (File.Exists(source))
                await WriteFileAsync($"/etc/{name}", await File.ReadAllBytesAsync(source, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Runs a command in the chroot as root, and returns its exit code.</summary>
    /// <exception cref="PhaseFailedException">There is no chroot to run it in.</exception>
    internal Task<int> RunInsideAsync(Command command, CancellationToken cancellationToken) => _steps.RunAsRootAsync(
        new RootOperation.Inside(_id, 0, [command.File, .. command.Arguments]), default, $"chroot {FolderName} {command}", BuildStatus.ChrootFail, cancellationToken);

    /// <summary>Runs a command in the chroot as root for what it writes, which is not for the log, and returns its exit code.</summary>
    /// <exception cref="PhaseFailedException">There is no chroot to run it in.</exception>
    internal Task<int> ReadInsideAsync(Command command, OutputWriter output, CancellationToken cancellationToken) => _steps.RunAsRootAsync(
        new RootOperation.Inside(_id, 0, [command.File, .. command.Arguments]), default, $"chroot {FolderName} {command.File} (its output is read, and not logged)",
        BuildStatus.ChrootFail, cancellationToken, output);

    /// <summary>Runs a command in the chroot as root that has to succeed.</summary>
    /// <exception cref="PhaseFailedException">It did not.</exception>
    internal Task RunInsideOrFailAsync(Command command, CancellationToken cancellationToken) =>
        RunAsync(new RootOperation.Inside(_id, 0, [command.File, .. command.Arguments]), $"chroot {FolderName} {command}", BuildStatus.ChrootFail, cancellationToken);

    /// <summary>Writes a file in the chroot, with mode 0644, in place of whatever has that name. Its folder must be there.</summary>
    internal Task WriteFileAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => _steps.RunAsRootOrFailAsync(
        new RootOperation.Write(_id, path, content.Length), content, $"write {path} in the chroot", BuildStatus.ChrootFail, cancellationToken);

    /// <summary>Runs a few lines of shell in the chroot, which have to succeed; the log gets the description in their place.</summary>
    internal Task RunScriptAsync(string description, string script, IEnumerable<string> arguments, CancellationToken cancellationToken) =>
        RunAsync(new RootOperation.Inside(_id, 0, ["/bin/sh", "-c", script, "sh", .. arguments]), description, BuildStatus.ChrootFail, cancellationToken);

    /// <summary>Makes the chroot known to schroot.</summary>
    internal Task DefineAsync(CancellationToken cancellationToken) =>
        RunAsync(new RootOperation.Define(_id), "tell schroot about the chroot", BuildStatus.BuilderFail, cancellationToken);

    /// <summary>Makes schroot forget the chroot.</summary>
    internal Task UndefineAsync(CancellationToken cancellationToken) =>
        RunAsync(new RootOperation.Undefine(_id), "make schroot forget the chroot", BuildStatus.BuilderFail, cancellationToken);

    /// <summary>Part of phase reap: whatever of root still runs in the chroot.</summary>
    internal Task KillAsync(CancellationToken cancellationToken) =>
        RunAsync(new RootOperation.Kill(_id), "kill what still runs in the chroot", BuildStatus.BuilderFail, cancellationToken);

    /// <summary>Phase umount: all that is mounted at or below the chroot, also by the build itself.</summary>
    /// <exception cref="PhaseFailedException">Something stays mounted.</exception>
    internal Task UnmountAsync(CancellationToken cancellationToken) =>
        RunAsync(new RootOperation.Unmount(_id), "unmount what is mounted in the chroot", BuildStatus.BuilderFail, cancellationToken);

    /// <summary>Phase cleanup: the chroot's folder. Never across a mount.</summary>
    internal Task RemoveAsync(CancellationToken cancellationToken) =>
        RunAsync(new RootOperation.Remove(_id), "remove the chroot", BuildStatus.BuilderFail, cancellationToken);

    private Task RunAsync(RootOperation operation, string description, BuildStatus orElse, CancellationToken cancellationToken) =>
        _steps.RunAsRootOrFailAsync(operation, default, description, orElse, cancellationToken);
}

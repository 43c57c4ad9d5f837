using Buildd.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.Environments;

/// <summary>
/// A folder with a Debian system in it, unpacked from a tarball for one build: the way the reference does it.
/// </summary>
/// <remarks>
/// Every change to files inside goes through a program that runs inside: a link in the tarball that leads out of the
/// chroot then leads nowhere, where a write from outside would follow it on this machine.
/// </remarks>
internal sealed class ChrootEnvironment
{
    /// <summary>The top folder that farms' tarballs have.</summary>
    internal const string FolderName = "chroot-autobuild";

    /// <summary>What a build expects to find mounted: kind, place below the root, options.</summary>
    private static readonly (string Type, string Point, string[] Options)[] Mounts =
    [
        ("proc", "proc", []),
        ("devpts", "dev/pts", ["-o", "gid=5,mode=620"]),
        ("sysfs", "sys", []),
        ("tmpfs", "dev/shm", []),
    ];

    private readonly IBuildContext _context;
    private readonly StepRunner _steps;

    internal ChrootEnvironment(IBuildContext context, StepRunner steps)
    {
        _context = context;
        _steps = steps;
        RootDirectory = RootDirectoryOf(context);
    }

    /// <summary>The chroot on this machine.</summary>
    internal string RootDirectory { get; }

    /// <summary>Where the chroot of a build will be; also before it is there.</summary>
    internal static string RootDirectoryOf(IBuildContext context) => RootDirectoryIn(context.Directory);

    /// <summary>Where the chroot is in a build's folder.</summary>
    internal static string RootDirectoryIn(string buildDirectory) => Path.Combine(buildDirectory, FolderName);

    /// <summary>Phase unpack: the tarball, in whatever compression tar knows.</summary>
    internal async Task UnpackAsync(CancellationToken cancellationToken)
    {
        await _steps.RunOrFailAsync(
            Command.Of("tar", "-C", _context.Directory, "--numeric-owner", "-xf", _context.Request.ChrootPath),
            BuildStatus.ChrootFail, cancellationToken).ConfigureAwait(false);
        RequireRealFolder(RootDirectory, $"the tarball has no top folder {FolderName}");
    }

    /// <summary>Phase mount: file systems, and how this machine finds others by name.</summary>
    internal async Task MountAsync(CancellationToken cancellationToken)
    {
        foreach (var (type, point, options) in Mounts)
        {
            // A link here would have us mount over a folder of this machine.
            var path = RootDirectory;
            foreach (var part in point.Split('/'))
                RequireRealFolder(path = Path.Combine(path, part), $"the chroot has no folder /{point}");
            await _steps.RunOrFailAsync(
                Command.Of("mount", ["-t", type, .. options, "none", path]), BuildStatus.ChrootFail, cancellationToken).ConfigureAwait(false);
        }

        foreach (var name in (string[])["hosts", "hostname", "resolv.conf"])
        {
            var source = Path.Combine("/etc", name);
            if (File.Exists(source))
                await WriteFileAsync($"/etc/{name}", await File.ReadAllBytesAsync(source, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A command that runs in the chroot as root.</summary>
    internal Command Inside(Command command) => command.Behind("chroot", RootDirectory) with { WorkingDirectory = "/" };

    /// <summary>Writes a file in the chroot, with mode 0644, in place of whatever has that name. Its folder must be there.</summary>
    internal Task WriteFileAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        RunScriptAsync($"write {path} in the chroot", """umask 022; rm -f "$1" && cat > "$1" && chmod 644 "$1" """, [path], content, cancellationToken);

    /// <summary>Runs a few lines of shell in the chroot, which have to succeed; the log gets the description in their place.</summary>
    internal Task RunScriptAsync(
        string description, string script, IEnumerable<string> arguments, ReadOnlyMemory<byte> input, CancellationToken cancellationToken) =>
        _steps.RunOrFailAsync(
            Inside(Command.Of("/bin/sh", ["-c", script, "sh", .. arguments]) with { StandardInput = input }),
            BuildStatus.ChrootFail, cancellationToken, description);

    /// <summary>Phase umount: all that is mounted at or below the chroot, also by the build itself.</summary>
    /// <exception cref="PhaseFailedException">Something stays mounted.</exception>
    internal Task UnmountAsync(CancellationToken cancellationToken) =>
        Unmounting.UnmountAsync(RootDirectory, _steps, _context.Time, cancellationToken);

    /// <summary>Phase cleanup: the chroot's folder. Never across a mount.</summary>
    internal Task RemoveAsync(CancellationToken cancellationToken) =>
        _steps.RunOrFailAsync(
            Command.Of("rm", "-rf", "--one-file-system", "--", RootDirectory), BuildStatus.BuilderFail, cancellationToken);

    private static void RequireRealFolder(string path, string otherwise)
    {
        if (new DirectoryInfo(path) is not { Exists: true, LinkTarget: null })
            throw new PhaseFailedException(BuildStatus.ChrootFail, otherwise);
    }
}

using Buildd.Backends.Commands;
using Buildd.Linux.Processes;

namespace Buildd.Backends.Root;

/// <summary>Has the privileged operations of one build done, in the way that this slave has for it.</summary>
internal sealed class RootRunner(RootAccess access, RootPlace place, ProcessScope scope, TimeProvider time)
{
    /// <summary>What sudo, and who runs it, exit with when a program is not there.</summary>
    private const int NoProgram = 127;

    /// <summary>Makes one for a build.</summary>
    /// <param name="access">How.</param>
    /// <param name="buildDirectory">The build's folder, <c>build-ID</c> in the work folder.</param>
    /// <param name="scope">What the commands belong to.</param>
    /// <param name="time">The clock.</param>
    /// <param name="chroot">The chroot's tarball in the file cache; null when none will be unpacked any more.</param>
    /// <param name="schrootDirectory">The folder of schroot's definitions; null means the system's.</param>
    /// <param name="readableFolders">Folders of this machine that the chroot may be let read; null means none.</param>
    /// <param name="buildUser">Who builds, and so may own the folder; null when it is the slave's user.</param>
    internal static RootRunner For(
        RootAccess access, string buildDirectory, ProcessScope scope, TimeProvider time,
        string? chroot = null, string? schrootDirectory = null, uint? buildUser = null,
        IReadOnlyCollection<string>? readableFolders = null)
    {
        var place = new RootPlace
        {
            WorkDirectory = Path.GetDirectoryName(buildDirectory)!,
            FileCacheDirectory = Path.GetDirectoryName(chroot) ?? "",
            Owners = buildUser is { } id ? [id] : [],
            ReadableFolders = readableFolders ?? [],
            FollowsLinks = true, // nobody but root has named them
        };
        return new RootRunner(access, schrootDirectory is null ? place : place with { SchrootDirectory = schrootDirectory }, scope, time);
    }

    /// <summary>Makes one for operations that belong to no build.</summary>
    internal static RootRunner In(RootAccess access, string workDirectory, ProcessScope scope, TimeProvider time) =>
        For(access, Path.Combine(workDirectory, "none"), scope, time);

    /// <summary>Carries out an operation; what its command says goes to <paramref name="output"/>.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="RootOperationException">
    /// It was refused, or did not work out; through sudo that is an exit code, and the reason in the output.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    internal async Task<int> RunAsync(
        RootOperation operation, ReadOnlyMemory<byte> input, OutputWriter output, CancellationToken cancellationToken)
    {
        if (access is RootAccess.Sudo sudo)
            return (await ProcessRunner.RunAsync(sudo.ToCommand(operation, input), output, scope, cancellationToken).ConfigureAwait(false))
                .ExitCode;

        RootOperations.Format(operation); // the same rules for all
        return await new RootExecutor(place, scope, output, time).RunAsync(operation, input, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A sentence on what has to be done before any operation can be; null when all is well.</summary>
    internal async Task<string?> FindMistakeAsync(CancellationToken cancellationToken)
    {
        if (access is not RootAccess.Sudo sudo)
            return CurrentUser.IsRoot ? null : $"this slave runs as user {CurrentUser.Id} and has no way to unpack and enter chroots: "
                + "run it as root, or through sudo";

        var said = new Complaint();
        var code = await RunAsync(new RootOperation.Check(), default, said.Write, cancellationToken).ConfigureAwait(false);
        return code switch
        {
            0 => null,
            NoProgram => $"this slave runs as user {CurrentUser.Id} and there is no sudo to unpack and enter chroots with: install "
                + "sudo, or run it as root",
            _ => $"this slave runs as user {CurrentUser.Id} and may not do through sudo what needs root ('{said}'): "
                + $"write the rule that '{RootProgram.CommandLine(sudo.Program, sudo.Configuration)} {RootProgram.Sudoers}' prints into "
                + "a file in /etc/sudoers.d",
        };
    }
}

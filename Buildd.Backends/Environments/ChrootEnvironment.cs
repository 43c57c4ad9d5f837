using Buildd.Backends.Root;
using Buildd.Backends.Steps;
using Buildd.Linux.Processes;
using Buildd.Protocol;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.Environments;

/// <summary>
/// A folder with a Debian system in it, unpacked from a tarball for one build: the way the reference does it. All that
/// happens to it needs root, and so is a <see cref="RootOperation"/>.
/// </summary>
internal class ChrootEnvironment(IBuildContext context, StepRunner steps, RootRunner root) : BuildEnvironment
{
    /// <summary>The build's id.</summary>
    private protected string Id { get; } = context.Request.BuildId;

    /// <summary>The tarball's name in the file cache.</summary>
    private protected Sha1 Tarball => Sha1.Parse(Path.GetFileName(context.Request.ChrootPath.AsSpan()));

    /// <inheritdoc/>
    private protected override string BuildDirectory => context.Directory;

    /// <summary>Whether schroot may know the chroot.</summary>
    private bool _defined;

    /// <inheritdoc/>
    internal override Task<string?> FindMistakeAsync(CancellationToken cancellationToken) => root.FindMistakeAsync(cancellationToken);

    /// <inheritdoc/>
    internal override Task UnpackAsync(CancellationToken cancellationToken) =>
        RunAsync(new RootOperation.Unpack(Id, Tarball), "unpack the chroot", BuildStatus.ChrootFail, cancellationToken);

    /// <inheritdoc/>
    internal override Task MountAsync(CancellationToken cancellationToken) =>
        RunAsync(new RootOperation.Mount(Id), "mount what a running system has in the chroot", BuildStatus.ChrootFail, cancellationToken);

    /// <inheritdoc/>
    internal override Task<int> RunInsideAsync(
        Command command, CancellationToken cancellationToken,
        ReadOnlyMemory<byte> input = default, OutputWriter? output = null, string? description = null) => steps.RunAsRootAsync(
            new RootOperation.Inside(Id, input.Length, [command.File, .. command.Arguments]), input,
            description ?? $"chroot {BuildLayout.Chroot} {command}", BuildStatus.ChrootFail, cancellationToken, output);

    /// <inheritdoc/>
    internal override Task WriteFileAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        steps.RunAsRootOrFailAsync(
        new RootOperation.Write(Id, path, content.Length), content, $"write {path} in the chroot", BuildStatus.ChrootFail,
        cancellationToken);

    /// <inheritdoc/>
    internal override async Task<string> TakeAsync(string path, CancellationToken cancellationToken)
    {
        await RunAsync(new RootOperation.Take(Id, path), $"take {path} out of the chroot", BuildStatus.PackageFail, cancellationToken)
            .ConfigureAwait(false);
        return Path.Combine(BuildDirectory, BuildLayout.Taken);
    }

    /// <inheritdoc/>
    internal override Task BindAsync(string folder, string path, CancellationToken cancellationToken) =>
        RunAsync(
            new RootOperation.Bind(Id, folder, path), $"let the chroot read {folder} at {path}", BuildStatus.BuilderFail,
            cancellationToken);

    /// <inheritdoc/>
    internal override async Task<SbuildAccess> OpenToSbuildAsync(BuildUser user, CancellationToken cancellationToken)
    {
        _defined = true;
        await RunAsync(new RootOperation.Define(Id), "tell schroot about the chroot", BuildStatus.BuilderFail, cancellationToken)
            .ConfigureAwait(false);
        var schroot = HasNetwork ? "" : await WriteSchrootAsync(cancellationToken).ConfigureAwait(false);
        using var folder = OpenedPath.Open(context.Directory, followLinks: true);
        return new SbuildAccess(
            ["-c", $"chroot:{SchrootDefinition.NameOf(Id, BuildLayout.ChrootIn(folder.Place))}"],
            $"$chroot_mode = 'schroot';{schroot}",
            command => CurrentUser.IsRoot ? command.Behind(
                "setpriv", $"--reuid={user.Id}", $"--regid={user.GroupId}", "--init-groups", "--") : command);
    }

    /// <inheritdoc/>
    /// <remarks>What is of root and in no control group of ours, the scope of a slave that is not root does not see.</remarks>
    internal override Task KillAsync(CancellationToken cancellationToken) => CurrentUser.IsRoot
        ? Task.CompletedTask
        : RunAsync(new RootOperation.Kill(Id), "kill what still runs in the chroot", BuildStatus.BuilderFail, cancellationToken);

    /// <inheritdoc/>
    internal override Task CloseToSbuildAsync(CancellationToken cancellationToken) => _defined
        ? RunAsync(new RootOperation.Undefine(Id), "make schroot forget the chroot", BuildStatus.BuilderFail, cancellationToken)
        : Task.CompletedTask;

    /// <inheritdoc/>
    internal override Task UnmountAsync(CancellationToken cancellationToken) =>
        RunAsync(new RootOperation.Unmount(Id), "unmount what is mounted in the chroot", BuildStatus.BuilderFail, cancellationToken);

    /// <inheritdoc/>
    internal override Task RemoveAsync(CancellationToken cancellationToken) =>
        RunAsync(new RootOperation.Remove(Id), "remove the chroot", BuildStatus.BuilderFail, cancellationToken);

    /// <summary>Puts a program of ours between sbuild and schroot.</summary>
    /// <returns>Lines for sbuild's configuration. It has no setting for that, but its files are Perl that sees the object.</returns>
    private async Task<string> WriteSchrootAsync(CancellationToken cancellationToken)
    {
        var path = Path.Combine(context.Directory, ".schroot");
        // sbuild has a shell call it in one place.
        if (!path.All(c => char.IsAsciiLetterOrDigit(c) || "/._-+:@%=,".Contains(c, StringComparison.Ordinal)))
        {
            throw new PhaseFailedException(
                BuildStatus.BuilderFail, $"without a network nothing is built in '{context.Directory}': sbuild would misread the name");
        }

        await NetworkIsolation.WriteSchrootAsync(path, cancellationToken).ConfigureAwait(false);
        return $"\n$conf->set('SCHROOT', '{path}');\ndie 'sbuild does not take another schroot' unless $conf->get('SCHROOT') eq '{path}';";
    }

    /// <summary>Has an operation done that has to succeed.</summary>
    private protected Task RunAsync(RootOperation operation, string description, BuildStatus orElse, CancellationToken cancellationToken) =>
        steps.RunAsRootOrFailAsync(operation, default, description, orElse, cancellationToken);
}

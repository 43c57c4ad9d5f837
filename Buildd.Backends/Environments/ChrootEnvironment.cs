using Buildd.Backends.Phases;
using Buildd.Backends.Root;
using Buildd.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.Environments;

/// <summary>
/// A folder with a Debian system in it, unpacked from a tarball for one build: the way the reference does it. All that
/// happens to it needs root, and so is a <see cref="RootOperation"/>.
/// </summary>
internal sealed class ChrootEnvironment(IBuildContext context, StepRunner steps, RootRunner root) : BuildEnvironment
{
    private readonly string _id = context.Request.BuildId;

    /// <summary>Whether schroot may know the chroot.</summary>
    private bool _defined;

    /// <inheritdoc/>
    internal override Task<string?> FindMistakeAsync(CancellationToken cancellationToken) => root.FindMistakeAsync(cancellationToken);

    /// <inheritdoc/>
    internal override Task UnpackAsync(CancellationToken cancellationToken) =>
        RunAsync(new RootOperation.Unpack(_id, Path.GetFileName(context.Request.ChrootPath)), "unpack the chroot", BuildStatus.ChrootFail, cancellationToken);

    /// <inheritdoc/>
    internal override Task MountAsync(CancellationToken cancellationToken) =>
        RunAsync(new RootOperation.Mount(_id), "mount what a running system has in the chroot", BuildStatus.ChrootFail, cancellationToken);

    /// <inheritdoc/>
    internal override Task<int> RunInsideAsync(
        Command command, CancellationToken cancellationToken,
        ReadOnlyMemory<byte> input = default, OutputWriter? output = null, string? description = null) => steps.RunAsRootAsync(
            new RootOperation.Inside(_id, input.Length, [command.File, .. command.Arguments]), input,
            description ?? $"chroot {FolderName} {command}", BuildStatus.ChrootFail, cancellationToken, output);

    /// <inheritdoc/>
    internal override Task WriteFileAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => steps.RunAsRootOrFailAsync(
        new RootOperation.Write(_id, path, content.Length), content, $"write {path} in the chroot", BuildStatus.ChrootFail, cancellationToken);

    /// <inheritdoc/>
    internal override async Task<string> TakeAsync(string path, CancellationToken cancellationToken)
    {
        await RunAsync(new RootOperation.Take(_id, path), $"take {path} out of the chroot", BuildStatus.PackageFail, cancellationToken).ConfigureAwait(false);
        return Path.Combine(context.Directory, RootExecutor.Taken);
    }

    /// <inheritdoc/>
    internal override Task BindAsync(string folder, string path, CancellationToken cancellationToken) =>
        RunAsync(new RootOperation.Bind(_id, folder, path), $"let the chroot read {folder} at {path}", BuildStatus.BuilderFail, cancellationToken);

    /// <inheritdoc/>
    internal override async Task<SbuildAccess> OpenToSbuildAsync(BuildUser user, CancellationToken cancellationToken)
    {
        _defined = true;
        await RunAsync(new RootOperation.Define(_id), "tell schroot about the chroot", BuildStatus.BuilderFail, cancellationToken).ConfigureAwait(false);
        return new SbuildAccess(
            ["-c", $"chroot:{SchrootDefinition.NameOf(_id)}"],
            "$chroot_mode = 'schroot';",
            command => CurrentUser.IsRoot ? command.Behind("setpriv", $"--reuid={user.Id}", $"--regid={user.GroupId}", "--init-groups", "--") : command);
    }

    /// <inheritdoc/>
    /// <remarks>What is of root and in no control group of ours, the scope of a slave that is not root does not see.</remarks>
    internal override Task KillAsync(CancellationToken cancellationToken) => CurrentUser.IsRoot
        ? Task.CompletedTask
        : RunAsync(new RootOperation.Kill(_id), "kill what still runs in the chroot", BuildStatus.BuilderFail, cancellationToken);

    /// <inheritdoc/>
    internal override Task CloseToSbuildAsync(CancellationToken cancellationToken) => _defined
        ? RunAsync(new RootOperation.Undefine(_id), "make schroot forget the chroot", BuildStatus.BuilderFail, cancellationToken)
        : Task.CompletedTask;

    /// <inheritdoc/>
    internal override Task UnmountAsync(CancellationToken cancellationToken) =>
        RunAsync(new RootOperation.Unmount(_id), "unmount what is mounted in the chroot", BuildStatus.BuilderFail, cancellationToken);

    /// <inheritdoc/>
    internal override Task RemoveAsync(CancellationToken cancellationToken) =>
        RunAsync(new RootOperation.Remove(_id), "remove the chroot", BuildStatus.BuilderFail, cancellationToken);

    private Task RunAsync(RootOperation operation, string description, BuildStatus orElse, CancellationToken cancellationToken) =>
        steps.RunAsRootOrFailAsync(operation, default, description, orElse, cancellationToken);
}

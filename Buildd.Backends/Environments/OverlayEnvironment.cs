using Buildd.Backends.Root;
using Buildd.Backends.Steps;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.Environments;

/// <summary>
/// A chroot whose tarball is unpacked once for all builds, with an overlay on it for each: what a build changes is in its own
/// folder. All else is as in a chroot.
/// </summary>
/// <param name="context">The build.</param>
/// <param name="steps">Runs commands.</param>
/// <param name="root">Does what needs root.</param>
/// <param name="mistake">Why this machine can't; null when it can.</param>
internal sealed class OverlayEnvironment(IBuildContext context, StepRunner steps, RootRunner root, string? mistake)
    : ChrootEnvironment(context, steps, root)
{
    /// <inheritdoc/>
    internal override async Task<string?> FindMistakeAsync(CancellationToken cancellationToken) =>
        await base.FindMistakeAsync(cancellationToken).ConfigureAwait(false)
        ?? (mistake is null ? null : $"this slave is to build in overlays, which this machine can't: {mistake}");

    /// <inheritdoc/>
    internal override Task UnpackAsync(CancellationToken cancellationToken) =>
        RunAsync(
            new RootOperation.Overlay(Id, Tarball), "put an overlay on the unpacked chroot", BuildStatus.ChrootFail, cancellationToken);
}

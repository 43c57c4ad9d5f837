using Buildd.Linux.Processes;

namespace Buildd.Backends.Root;

/// <summary>
/// Carries out privileged operations. Whoever asks may be hostile and may change the build's folder meanwhile: so each
/// folder is opened once, without following a link, looked at, and from then on reached through what was opened.
/// </summary>
internal sealed class RootExecutor
{
    private readonly RootPlace _place;
    private readonly ChrootOperations _chroots;
    private readonly OverlayOperations _overlays;
    private readonly ContainerOperations _containers;

    /// <summary>Makes one.</summary>
    /// <param name="place">Where.</param>
    /// <param name="scope">What the commands belong to.</param>
    /// <param name="output">Receives what the commands write.</param>
    /// <param name="time">The clock.</param>
    internal RootExecutor(RootPlace place, ProcessScope scope, OutputWriter output, TimeProvider time)
    {
        var commands = new RootCommands(scope, output);
        var tarballs = new ChrootTarball(place, commands);
        _place = place;
        _containers = new ContainerOperations(commands, time);
        _overlays = new OverlayOperations(place, commands, tarballs, time);
        _chroots = new ChrootOperations(place, commands, tarballs, _overlays, _containers, time);
    }

    /// <summary>Carries out an operation.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="input">Its content.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The exit code of the command that it ran, or 0.</returns>
    /// <exception cref="RootOperationException">It is refused or did not work out.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    internal async Task<int> RunAsync(RootOperation operation, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        try
        {
            if (operation is RootOperation.OfBuild ofBuild)
            {
                using var build = BuildFolder.Open(_place, ofBuild.BuildId);
                return await RunAsync(build, ofBuild, input, cancellationToken).ConfigureAwait(false);
            }

            return operation switch
            {
                RootOperation.Check => 0,
                RootOperation.TryOverlay => await _overlays.TryAsync(cancellationToken).ConfigureAwait(false),
                RootOperation.Drop drop => await _overlays.DropAsync(drop.Sha1, cancellationToken).ConfigureAwait(false),
                _ => throw new InvalidOperationException($"{operation.GetType().Name} is not known"),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ProcessException)
        {
            throw new RootOperationException(e.Message);
        }
    }

    private Task<int> RunAsync(
        BuildFolder build, RootOperation.OfBuild operation, ReadOnlyMemory<byte> input, CancellationToken cancellationToken) =>
        operation switch
        {
            RootOperation.Unpack unpack => _chroots.UnpackAsync(build, unpack.Sha1, cancellationToken),
            RootOperation.Overlay overlay => _overlays.MountAsync(build, overlay.Sha1, cancellationToken),
            RootOperation.Mount => Task.FromResult(ChrootOperations.Mount(build)),
            RootOperation.Write write => _chroots.WriteAsync(build, write.Path, input, cancellationToken),
            RootOperation.Inside inside => _chroots.RunInsideAsync(build, inside.Command, input, cancellationToken),
            RootOperation.Take take => _chroots.TakeAsync(build, take.Path, cancellationToken),
            RootOperation.Bind bind => Task.FromResult(_chroots.Bind(build, bind.Source, bind.Path)),
            RootOperation.Define => Task.FromResult(_chroots.Define(build)),
            RootOperation.Undefine => Task.FromResult(_chroots.Undefine(build)),
            RootOperation.Boot boot => _containers.BootAsync(build, boot.HasNetwork, cancellationToken),
            RootOperation.Booted => _containers.WaitForBootAsync(build, cancellationToken),
            RootOperation.Kill => _chroots.KillAsync(build),
            RootOperation.Unmount => _chroots.UnmountAsync(build, cancellationToken),
            RootOperation.Remove => _chroots.RemoveAsync(build, cancellationToken),
            _ => throw new InvalidOperationException($"{operation.GetType().Name} is not known"),
        };
}

using Buildd.Backends.Root;
using Buildd.Backends.Steps;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.Environments;

/// <summary>
/// A chroot that is booted once it is up to date: a container of systemd-nspawn with an init, devices and processes of its own,
/// and without the network one of its own too. sbuild stays outside.
/// </summary>
/// <param name="context">What the build has of its slave.</param>
/// <param name="steps">Runs commands.</param>
/// <param name="root">Does what needs root.</param>
internal sealed class NspawnEnvironment(IBuildContext context, StepRunner steps, RootRunner root) : ChrootEnvironment(context, steps, root)
{
    private const string Nspawn = "/usr/bin/systemd-nspawn";

    /// <summary>Farms' chroots have no init.</summary>
    private const string InitScript =
        """
        missing=
        for package in systemd-sysv dbus; do
            [ "$(dpkg-query -W -f '${db:Status-Status}' $package 2>/dev/null)" = installed ] || missing="$missing $package"
        done
        [ -n "$missing" ] || exit 0
        echo "What boots is not in the chroot, and is installed from the build's archives:$missing"
        exec apt-get -y -o DPkg::Options::=--force-confold --no-install-recommends install $missing
        """;

    private readonly IBuildContext _context = context;
    private readonly StepRunner _steps = steps;
    private HeldStep? _container;
    private HeldStep? _door;

    private string Door => Path.Combine(_context.Directory, BuildLayout.Door);

    /// <inheritdoc/>
    private protected override Command Isolate(Command command) => SbuildServer.InNetworkOfBuild(command);

    /// <inheritdoc/>
    internal override async Task<string?> FindMistakeAsync(CancellationToken cancellationToken) =>
        await base.FindMistakeAsync(cancellationToken).ConfigureAwait(false)
        ?? (
            File.Exists(Nspawn) ? null : $"builds in the environment 'nspawn' can't run here: {Nspawn} is not there: run 'apt-get "
                + "install systemd-container' as root");

    /// <inheritdoc/>
    /// <remarks>What is mounted on this machine does not reach a container that is booted.</remarks>
    internal override Task BindAsync(string folder, string path, CancellationToken cancellationToken) =>
        throw new PhaseFailedException(BuildStatus.BuilderFail, "folders of this machine can't be read in the environment 'nspawn'");

    /// <inheritdoc/>
    internal override async Task<bool> StartAsync(CancellationToken cancellationToken)
    {
        await RunScriptAsync("install what boots, if it is missing", InitScript, [], cancellationToken).ConfigureAwait(false);
        await UnmountAsync(cancellationToken).ConfigureAwait(false); // the container mounts its own
        Directory.CreateDirectory(Door, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _container = HeldStep.Start(end => _steps.RunAsRootOrFailAsync(
            new RootOperation.Boot(_context.Request.BuildId, HasNetwork), default, "boot the chroot as a container", BuildStatus.ChrootFail,
            end));
        var booted = RunAsync(
            new RootOperation.Booted(_context.Request.BuildId), "wait until it has booted", BuildStatus.ChrootFail, cancellationToken);
        if (await Task.WhenAny(booted, _container.Completion).ConfigureAwait(false) == booted)
        {
            await booted.ConfigureAwait(false);
            return true;
        }

        // What waits is ended with the build; the reason is what the container says.
        _ = booted.ContinueWith(
            task => task.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await _container.Completion.ConfigureAwait(false);
        throw new PhaseFailedException(BuildStatus.ChrootFail, "the container has ended before it had booted");
    }

    /// <inheritdoc/>
    internal override async Task<SbuildAccess> OpenToSbuildAsync(BuildUser user, CancellationToken cancellationToken)
    {
        const string CallerName = ".call";
        var caller = Path.Combine(_context.Directory, CallerName);
        await SbuildServer.WriteExecutableAsync(caller, ContainerDoor.Caller, cancellationToken).ConfigureAwait(false);
        await _steps.RunOrFailAsync(
            Command.Of("mkfifo", "-m", "600", Path.Combine(Door, ContainerDoor.Calls)), BuildStatus.BuilderFail, cancellationToken)
            .ConfigureAwait(false);
        if (CurrentUser.IsRoot)
        {
            await _steps.RunOrFailAsync(
                Command.Of("chown", "-R", $"{user.Id}:{user.GroupId}", Door), BuildStatus.BuilderFail, cancellationToken)
                .ConfigureAwait(false);
        }

        _door = HeldStep.Start(end => RunInsideAsync(
            Wear(Command.Of("/bin/sh", "-c", ContainerDoor.Answerer, "sh", BootedContainer.DoorInside, SbuildServer.OfflineMark)), end,
            description: "answer sbuild's calls in the container"));
        return await SbuildServer.WriteAsync(
            _context.Directory, [caller, Door], HasNetwork,
            command => CurrentUser.IsRoot ? command.Behind(
                "setpriv", $"--reuid={user.Id}", $"--regid={user.GroupId}", "--init-groups", "--") : command,
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Nothing in it is worth an orderly end: the kernel ends all with its init. Once more when what boots it has ended, which may have
    /// been about to.
    /// </remarks>
    internal override async Task KillAsync(CancellationToken cancellationToken)
    {
        await KillOnceAsync(cancellationToken).ConfigureAwait(false);
        if (_container is null)
            return;
        await Task.WhenAll(_container.EndAsync(cancellationToken), _door?.EndAsync(cancellationToken) ?? Task.CompletedTask)
            .ConfigureAwait(false);
        await KillOnceAsync(cancellationToken).ConfigureAwait(false);
    }

    private Task KillOnceAsync(CancellationToken cancellationToken) =>
        RunAsync(
            new RootOperation.Kill(_context.Request.BuildId), "kill what still runs in the chroot", BuildStatus.BuilderFail,
            cancellationToken);
}

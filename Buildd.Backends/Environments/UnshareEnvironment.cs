using System.Globalization;
using System.Text;
using Buildd.Backends.Commands;
using Buildd.Backends.Root;
using Buildd.Backends.Steps;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.Environments;

/// <summary>
/// A folder with a Debian system in it, in namespaces of an account that is not root: what is root inside is nobody on this
/// machine. A holder process is the first in them; when it ends, all that runs inside ends, and every mount with it.
/// </summary>
/// <param name="context">What the build has of its slave.</param>
/// <param name="steps">Runs commands.</param>
/// <param name="account">Whose namespaces they are; null with the reason why there is none.</param>
/// <param name="mistake">That reason.</param>
internal sealed class UnshareEnvironment(IBuildContext context, StepRunner steps, UserNamespace? account, string? mistake)
    : BuildEnvironment
{
    /// <summary>How long the namespaces may take to be there; a tenth of a second is usual.</summary>
    private static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(1);

    /// <summary>What the holder says, with its number on this machine, when the system is there.</summary>
    private const string ReadySign = "buildd-holder-ready ";

    /// <summary>More is not kept of what the holder says before it is ready.</summary>
    private const int MaxHeardBytes = 4096;

    /// <summary>
    /// Whoever is root in a namespace may read the tarball, which belongs to somebody else, from an open descriptor only.
    /// </summary>
    private const string ReadScript = """file=$1; shift; exec "$@" < "$file" """;

    private const string CheckScript =
        $$"""cd "$1" && [ -d {{BuildLayout.Chroot}} ] && [ ! -L {{BuildLayout.Chroot}} ] || { echo 'the tarball has no top folder {{BuildLayout.Chroot}}' >&2; exit 1; } """;

    /// <summary>Runs inside, so that a link in the tarball that leads out of the system leads nowhere.</summary>
    private const string WriteScript = """umask 022; rm -f "$1" && cat > "$1" && chmod 644 "$1" """;

    /// <summary>
    /// The system becomes the root of its namespaces, so that there is no way out of it; devices are those of the machine
    /// that do no harm, since none can be made. Then it waits, and collects what others leave, until nobody holds its
    /// standard input any more: also when the slave is killed.
    /// </summary>
    private static readonly string HolderScript = Scripts.Text("Environments/hold-namespaces.sh");

    private readonly TaskCompletionSource<int> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StringBuilder _heard = new();
    private HeldStep? _holder;
    private bool _ended;

    /// <summary>The tree as it came out of the tarball; around it is a folder that only the namespaces' root may enter.</summary>
    private string Outer => BuildLayout.ChrootIn(context.Directory);

    /// <inheritdoc/>
    private protected override string BuildDirectory => context.Directory;

    /// <inheritdoc/>
    /// <remarks>Its users have other numbers, and its mounts are its own.</remarks>
    internal override bool IsOnThisMachine => false;

    /// <inheritdoc/>
    private protected override Command Isolate(Command command) => SbuildServer.InNetworkOfBuild(command);

    /// <inheritdoc/>
    internal override async Task<string?> FindMistakeAsync(CancellationToken cancellationToken)
    {
        const string Needs = "builds in the environment 'unshare' can't run here: ";
        if (account is null)
            return Needs + mistake;
        if (!HasNetwork && !File.Exists("/usr/bin/ip") && !File.Exists("/usr/sbin/ip") && !File.Exists("/sbin/ip")
            && !File.Exists("/bin/ip"))
            return Needs + "without the network the program 'ip' is needed: run 'apt-get install iproute2' as root";
        if (UserNamespace.FindClosed(Path.GetDirectoryName(context.Directory)!) is { } closed)
            return $"{Needs}users of a namespace can't enter '{closed}': run 'chmod o+x {closed}'";

        var said = new StringBuilder();
        var result = await steps.RunAsync(
            account.InNew(Command.Of("true"), ["--mount", "--pid", "--ipc", "--uts", "--fork", .. Net()]), cancellationToken,
            bytes => said.Append(said.Length < MaxHeardBytes ? Encoding.UTF8.GetString(bytes) : "")).ConfigureAwait(false);
        return result.Succeeded
            ? null
            : $"{Needs}namespaces can't be made ('{said.ToString().Trim().ReplaceLineEndings("; ")}'): see 'sysctl "
            + "kernel.unprivileged_userns_clone user.max_user_namespaces'";
    }

    /// <inheritdoc/>
    internal override async Task UnpackAsync(CancellationToken cancellationToken)
    {
        var tarball = context.Request.ChrootPath;
        account!.Mark(context.Directory);
        await steps.RunOrFailAsync(account.LetIn(context.Directory), BuildStatus.BuilderFail, cancellationToken).ConfigureAwait(false);
        File.SetUnixFileMode(context.Directory, UserNamespace.LetInMode);
        Directory.CreateDirectory(Outer, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await steps.RunOrFailAsync(account.GiveAway(Outer), BuildStatus.BuilderFail, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<string> compression;
        try
        {
            compression = await TarCompression.FindAsync(tarball, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PhaseFailedException(BuildStatus.ChrootFail, $"the chroot can't be read: {e.Message}", e);
        }

        // Nobody but root makes device nodes; the holder puts the machine's own there.
        var tar = account.InNew(Command.Of(
            "tar",
            [
                "--numeric-owner", "--anchored", "--wildcards", "--wildcards-match-slash", $"--exclude={BuildLayout.Chroot}/dev/*",
                $"--exclude=./{BuildLayout.Chroot}/dev/*",
                "-C", Outer, "-x", .. compression, "-f", "-",
            ]));
        await steps.RunOrFailAsync(tar.Behind("/bin/sh", "-c", ReadScript, "sh", tarball), BuildStatus.ChrootFail, cancellationToken)
            .ConfigureAwait(false);
        await steps.RunOrFailAsync(
            account.InNew(Command.Of("/bin/sh", "-c", CheckScript, "sh", Outer)), BuildStatus.ChrootFail, cancellationToken)
                .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    internal override async Task MountAsync(CancellationToken cancellationToken)
    {
        var holder = account!.InNew(
            Command.Of("/bin/sh", "-c", HolderScript, "sh", BuildLayout.ChrootIn(Outer), HasNetwork ? "online" : "offline"),
            ["--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", .. Net()])
            with
        { KeepsStandardInputOpen = true, WorkingDirectory = "/" };
        _holder = HeldStep.Start(end => steps.RunOrFailAsync(holder, BuildStatus.ChrootFail, end, Hear));
        try
        {
            await (
                await Task.WhenAny(_ready.Task, _holder.Completion).WaitAsync(StartDeadline, context.Time, cancellationToken)
                    .ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new PhaseFailedException(
                BuildStatus.ChrootFail, $"the namespaces are not there after {StartDeadline.TotalSeconds:0} s", e);
        }
    }

    /// <inheritdoc/>
    internal override async Task<int> RunInsideAsync(
        Command command, CancellationToken cancellationToken,
        ReadOnlyMemory<byte> input = default, OutputWriter? output = null, string? description = null)
    {
        var inside = Inside(command) with { StandardInput = input, StopsGroup = true, WorkingDirectory = "/" };
        return (
            await steps.RunAsync(inside, cancellationToken, output, description ?? $"inside {BuildLayout.Chroot} {command}")
                .ConfigureAwait(false)).ExitCode;
    }

    /// <inheritdoc/>
    internal override async Task WriteFileAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        await RunInsideOrFailAsync(
            Command.Of("/bin/sh", "-c", WriteScript, "sh", path), cancellationToken, content, $"write {path} in the chroot")
                .ConfigureAwait(false);

    /// <inheritdoc/>
    internal override Task<SbuildAccess> OpenToSbuildAsync(BuildUser user, CancellationToken cancellationToken) => SbuildServer.WriteAsync(
        context.Directory,
        [.. UserNamespace.Enter(Holder()), .. HasNetwork ? (string[])[] : ["/bin/sh", "-c", SbuildServer.OfflineScript, "sh"]],
        HasNetwork, account!.AsAccount, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>The kernel ends all processes of a namespace, and its mounts, before its first process counts as ended.</remarks>
    internal override async Task KillAsync(CancellationToken cancellationToken)
    {
        _ended = true;
        if (_holder is not null)
            await _holder.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    internal override Task CloseToSbuildAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    /// <remarks>They went with the holder.</remarks>
    internal override Task UnmountAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    internal override async Task RemoveAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (account is not null)
                await account.RemoveAsync(
                    Outer, async command =>
                        (await steps.RunAsync(command, cancellationToken).ConfigureAwait(false)).ExitCode).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new PhaseFailedException(BuildStatus.BuilderFail, e.Message, e);
        }
    }

    /// <summary>A network of its own, which has nothing but a loopback interface.</summary>
    private IEnumerable<string> Net() => HasNetwork ? [] : ["--net"];

    /// <summary>The command, inside and as root there. What installs packages has the machine's network in any case.</summary>
    private Command Inside(Command command)
    {
        IReadOnlyList<string> enter = UserNamespace.Enter(Holder());
        return account!.AsAccount(command.Behind(enter[0], enter.Skip(1)));
    }

    private int Holder() => _ready.Task.IsCompletedSuccessfully && !_ended
        ? _ready.Task.Result
        : throw new PhaseFailedException(BuildStatus.ChrootFail, "there is no system to run it in");

    /// <summary>Looks for the sign; what else the holder says is about what went wrong.</summary>
    private void Hear(ReadOnlySpan<byte> bytes)
    {
        context.Log.Write(bytes);
        if (_ready.Task.IsCompleted || _heard.Length > MaxHeardBytes)
            return;
        _heard.Append(Encoding.UTF8.GetString(bytes));
        var text = _heard.ToString();
        var at = text.IndexOf(ReadySign, StringComparison.Ordinal);
        var end = at < 0 ? -1 : text.IndexOf('\n', at);
        if (end > 0
            && int.TryParse(
                text.AsSpan(at + ReadySign.Length, end - at - ReadySign.Length), NumberStyles.None, CultureInfo.InvariantCulture,
                out var pid))
            _ready.TrySetResult(pid);
    }
}

using Buildd.Backends.Commands;
using Buildd.Linux.Processes;

namespace Buildd.Backends.Environments;

/// <summary>Runs commands in a network of their own, which has a loopback interface that is up and nothing else.</summary>
/// <remarks>
/// It needs root, in a chroot too, and there nothing but util-linux and perl-base, which are essential in Debian: so old
/// chroots have them. An ordinary user can't make such a network in a chroot by a user namespace: the kernel refuses that.
/// </remarks>
internal static class NetworkIsolation
{
    /// <summary>
    /// The first word is an account to become, or empty, the second its search path; the rest is the command. schroot has set
    /// what tells who one is for root, which is taken back. The numbers are those of every architecture
    /// (netdevice(7)): SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP. A command that can't be run ends as a shell would tell it.
    /// </summary>
    internal static readonly string Script = Scripts.Text("Environments/isolate.pl");

    /// <summary>The command without a network.</summary>
    /// <param name="command">The command, which has to be run as root.</param>
    internal static Command Isolate(Command command) => command.Behind("unshare", "--net", "--", "perl", "-e", Script, "--", "", "");

    /// <summary>
    /// The same for a command on this machine itself: an ordinary user makes the network in a user namespace, in which sudo does
    /// not work.
    /// </summary>
    internal static Command IsolateHere(Command command) => CurrentUser.IsRoot
        ? Isolate(command)
        : command.Behind(
            "unshare", "--user", "--map-current-user", "--keep-caps", "--net", "--", "perl", "-e", Script, "--", "", "");

    /// <summary>
    /// Writes a program to be called in place of schroot: what is run as anybody but root gets no network. Whatever it does not
    /// understand fails.
    /// </summary>
    /// <param name="path">The program's file; what it runs inside is put beside it.</param>
    /// <param name="cancellationToken">Calls it off.</param>
    internal static async Task WriteSchrootAsync(string path, CancellationToken cancellationToken)
    {
        await SbuildServer.WriteReadableAsync(path + "-isolation", Script, cancellationToken).ConfigureAwait(false);
        await SbuildServer.WriteExecutableAsync(path, Scripts.Program("Environments/schroot.pl"), cancellationToken).ConfigureAwait(false);
    }
}

using System.Text;
using Buildd.Backends.Commands;
using Buildd.Linux.Processes;

namespace Buildd.Backends.Environments;

/// <summary>
/// Lets sbuild build in a system that it can't make itself: a few lines of shell that speak the protocol of autopkgtest's
/// virtualisation servers, as far as sbuild uses it (its chroot mode <c>autopkgtest</c>). All that they say is which words go
/// before a command for it to run inside, as root.
/// </summary>
/// <remarks><c>docs/decisions/0012-sbuild-in-namespaces-and-containers.md</c> says why it is this one of sbuild's ways.</remarks>
internal static class SbuildServer
{
    /// <summary>
    /// Inside: that it is there means that the package is about to be built, and that the network is over. Only root can make
    /// it or remove it.
    /// </summary>
    internal const string OfflineMark = "/run/buildd-offline";

    /// <summary>
    /// Inside, before every command where there is to be no network: process 1 is in the network namespace that has
    /// nothing but a loopback interface, and what sbuild does before the build is not.
    /// </summary>
    internal const string OfflineScript =
        $$"""if [ -e {{OfflineMark}} ]; then exec nsenter --net=/proc/1/ns/net -- "$@"; fi; exec "$@" """;

    /// <summary>A command that runs inside, as root, in the network of the build.</summary>
    internal static Command InNetworkOfBuild(Command command) => command.Behind("nsenter", "--net=/proc/1/ns/net", "--");

    private const UnixFileMode Executable = (UnixFileMode)0b111_101_101;
    private const UnixFileMode ReadByAll = (UnixFileMode)0b110_100_100;

    /// <summary>Writes the server.</summary>
    /// <param name="folder">The build's folder.</param>
    /// <param name="words">What goes before a command.</param>
    /// <param name="network">Whether the package's build has the network.</param>
    /// <param name="asUser">Turns sbuild's command into one that runs as the build's user.</param>
    /// <param name="cancellationToken">Calls it off.</param>
    /// <returns>How sbuild is run with it.</returns>
    internal static async Task<SbuildAccess> WriteAsync(
        string folder, IEnumerable<string> words, bool network, Func<Command, Command> asUser, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, ".sbuild-server");
        await WriteExecutableAsync(path, Scripts.Program("Environments/sbuild-server.sh"), cancellationToken).ConfigureAwait(false);
        // It looks for the words beside itself.
        await WriteReadableAsync(path + "-words", string.Join(',', words.Select(Encode)), cancellationToken).ConfigureAwait(false);
        var configuration =
            $"$chroot_mode = 'autopkgtest';\n$autopkgtest_virt_server = {Perl.Quote(path)};\n$autopkgtest_virt_server_options = [];";
        return new SbuildAccess(
            [], network ? configuration : $"{configuration}\n$external_commands = {{ 'starting-build-commands' => [['touch', "
                + $"'{OfflineMark}']] }};", asUser);
    }

    /// <summary>Writes a program that every user may run.</summary>
    internal static Task WriteExecutableAsync(string path, string text, CancellationToken cancellationToken) =>
        WriteAsync(path, text, Executable, cancellationToken);

    /// <summary>Writes a file that every user may read.</summary>
    internal static Task WriteReadableAsync(string path, string text, CancellationToken cancellationToken) =>
        WriteAsync(path, text, ReadByAll, cancellationToken);

    private static async Task WriteAsync(string path, string text, UnixFileMode mode, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(path, text, cancellationToken).ConfigureAwait(false);
        File.SetUnixFileMode(path, mode);
    }

    /// <summary>The protocol has all that could mean something as a percent sign and two digits.</summary>
    private static string Encode(string word) => string.Concat(Encoding.UTF8.GetBytes(word).Select(
        b => char.IsAsciiLetterOrDigit((char)b)
            || b is (byte)'/' or (byte)'.' or (byte)'_' or (byte)'-' or (byte)'=' ? ((char)b).ToString() : $"%{b:X2}"));
}

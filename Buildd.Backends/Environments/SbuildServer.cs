using System.Text;
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

    private const string Script =
        """
        #!/bin/sh
        # Answers sbuild: autopkgtest's virtualisation protocol.
        echo ok
        while read -r word rest; do
            case $word in
                open) echo 'ok build' ;;
                capabilities) echo 'ok root-on-testbed' ;;
                print-execute-command) echo 'ok @WORDS@' ;;
                close) echo ok ;;
                quit) exit 0 ;;
                *) echo "error: '$word' is not known" ;;
            esac
        done

        """;

    private const UnixFileMode Executable = (UnixFileMode)0b111_101_101;

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
        await WriteExecutableAsync(path, Format(words), cancellationToken).ConfigureAwait(false);
        var configuration = $"$chroot_mode = 'autopkgtest';\n$autopkgtest_virt_server = {Perl.Quote(path)};\n$autopkgtest_virt_server_options = [];";
        return new SbuildAccess(
            [], network ? configuration : $"{configuration}\n$external_commands = {{ 'starting-build-commands' => [['touch', '{OfflineMark}']] }};", asUser);
    }

    /// <summary>The server's text.</summary>
    internal static string Format(IEnumerable<string> words) =>
        Script.Replace("@WORDS@", string.Join(',', words.Select(Encode)), StringComparison.Ordinal);

    /// <summary>Writes a program.</summary>
    internal static async Task WriteExecutableAsync(string path, string text, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(path, text, cancellationToken).ConfigureAwait(false);
        File.SetUnixFileMode(path, Executable);
    }

    /// <summary>The protocol has all that could mean something as a percent sign and two digits.</summary>
    private static string Encode(string word) => string.Concat(Encoding.UTF8.GetBytes(word).Select(
        b => char.IsAsciiLetterOrDigit((char)b) || b is (byte)'/' or (byte)'.' or (byte)'_' or (byte)'-' or (byte)'=' ? ((char)b).ToString() : $"%{b:X2}"));
}

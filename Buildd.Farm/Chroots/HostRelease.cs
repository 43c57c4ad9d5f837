using Buildd.Linux.Processes;
using Buildd.Protocol.Secrets;

namespace Buildd.Farm.Chroots;

/// <summary>The Debian release of this machine, and where its apt gets packages from.</summary>
/// <param name="Suite">The code name, such as <c>bookworm</c>.</param>
/// <param name="Architecture">Debian's name of the architecture, such as <c>amd64</c>.</param>
/// <param name="Mirror">The archive's URL.</param>
/// <param name="AptOptions">The machine's own apt settings that a chroot needs too, as lines of apt.conf.</param>
internal sealed record HostRelease(string Suite, string Architecture, string Mirror, IReadOnlyList<string> AptOptions)
{
    private const string Keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

    /// <summary>Settings without which the machine's apt would not reach, or not believe, its mirror.</summary>
    private static readonly string[] Settings =
        ["Acquire::Check-Valid-Until", "Acquire::http::Proxy", "Acquire::https::Proxy"];

    /// <summary>The archive's URL without a password that it may have: for messages and for words of commands.</summary>
    internal string PublicMirror => UrlCredentials.Without(Mirror);

    /// <summary>The line for a sources.list inside a chroot, whose apt trusts the archive's keys of itself.</summary>
    internal string SourcesLine => $"deb {Mirror} {Suite} main";

    /// <summary>A line of a sources.list on this machine.</summary>
    internal string LocalLine(string type) => $"{type} {(File.Exists(Keyring) ? $"[signed-by={Keyring}] " : "")}{Mirror} {Suite} main";

    /// <exception cref="FarmException">This is no Debian machine, or its apt knows no archive for its release.</exception>
    internal static async Task<HostRelease> DetectAsync(CancellationToken cancellationToken)
    {
        var suite = File.ReadLines("/etc/os-release")
            .Where(line => line.StartsWith("VERSION_CODENAME=", StringComparison.Ordinal))
            .Select(line => line["VERSION_CODENAME=".Length..].Trim('"'))
            .FirstOrDefault() ?? throw new FarmException("/etc/os-release names no VERSION_CODENAME: the demo needs a Debian release");
        var architecture = (await ProcessRunner.CaptureAsync(Command.Of("dpkg", "--print-architecture"), cancellationToken)).Trim();
        var targets = await ProcessRunner.CaptureAsync(
            Command.Of("apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)", "Created-By: Packages"), cancellationToken);
        var mirror = targets.Split('\n')
            .Select(line => line.Split(' '))
            .Where(words => words.Length == 2 && words[0] == suite)
            .Select(words => words[1].TrimEnd('/'))
            .FirstOrDefault() ?? throw new FarmException(
                $"apt knows no archive for {suite}: look at /etc/apt/sources.list and /etc/apt/sources.list.d, then run 'apt-get update'");

        var options = new List<string>();
        foreach (var setting in Settings)
        {
            var lines =
                await ProcessRunner.CaptureAsync(Command.Of("apt-config", "dump", "--format", "%f \"%v\";%n", setting), cancellationToken);
            options.AddRange(
                lines.Split(
                    '\n').Where(line =>
                        line.StartsWith(setting + " ", StringComparison.Ordinal) && !line.EndsWith(" \"\";", StringComparison.Ordinal)));
        }

        return new HostRelease(suite, architecture, mirror, options);
    }
}

using System.Reflection;
using System.Text;
using Buildd.Linux.Processes;

namespace Buildd.Backends.DebianBuilds;

/// <summary>
/// The versions of this machine's programs that have a say in a build, for the head of its log: years later nothing else tells them.
/// </summary>
internal static class ToolVersions
{
    private const int MaxBytes = 4096;

    /// <summary>The packages; of those the machine has, the log tells.</summary>
    private static readonly string[] Packages =
        ["sbuild", "schroot", "dpkg-dev", "mmdebstrap", "systemd-container", "git-build-recipe", "git"];

    /// <summary>A line such as <c>buildd-slave 0.1.0, dpkg-dev 1.21.22, sbuild 0.85.0</c>.</summary>
    internal static async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        var own = typeof(ToolVersions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        var written = new StringBuilder();
        try
        {
            // It fails where one of them is not known, and tells of the others all the same.
            await ProcessRunner.RunAsync(
                Command.Of("dpkg-query", ["--show", "--showformat", "${db:Status-Status} ${Package} ${Version}\n", .. Packages]),
                bytes => written.Append(Encoding.ASCII.GetString(bytes[..Math.Min(bytes.Length, MaxBytes)])),
                cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (ProcessException)
        {
            // no Debian: nothing to tell
        }

        return Describe(own, written.ToString());
    }

    /// <summary>The line of our own version and of what dpkg says.</summary>
    internal static string Describe(string own, string said)
    {
        const string Installed = "installed ";
        var tools = said.Split('\n').Where(line => line.StartsWith(Installed, StringComparison.Ordinal))
            .Select(line => line[Installed.Length..]).Order(StringComparer.Ordinal);
        return string.Join(", ", tools.Prepend($"buildd-slave {own}"));
    }
}

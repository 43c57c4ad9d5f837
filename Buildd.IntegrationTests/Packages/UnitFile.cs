using Buildd.Linux.Processes;

namespace Buildd.IntegrationTests.Packages;

/// <summary>A unit of systemd, as far as it says how a service is run.</summary>
internal sealed class UnitFile
{
    private readonly List<(string Key, string Value)> _lines;

    internal UnitFile(string text, string instance) => _lines =
    [
        .. text.Split('\n').Where(line => line.Contains('=', StringComparison.Ordinal) && line[0] != '#')
            .Select(
                line => (
                    line.Split('=')[0], line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..]
                        .Replace("%i", instance, StringComparison.Ordinal))),
    ];

    internal string this[string key] => _lines.Single(line => line.Key == key).Value;

    internal IEnumerable<string> All(string key) => _lines.Where(line => line.Key == key).Select(line => line.Value);

    /// <summary>
    /// What systemd would run in a system that is not booted: the command line, as the user, in its environment and no more.
    /// </summary>
    internal Command ToCommand(DebianSystem system, string home) => system.Inside(
    [
        "setpriv", $"--reuid={this["User"]}", $"--regid={this["User"]}", "--init-groups", "--",
        "env", "-i", $"HOME={home}", $"USER={this["User"]}", $"LOGNAME={this["User"]}", "SHELL=/usr/sbin/nologin",
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", .. All("Environment"), .. this["ExecStart"].Split(' '),
    ]);
}

using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using Buildd.Testing.Programs;

namespace Buildd.IntegrationTests.Soak;

/// <summary>The kinds of build of the long run that need no system to build in.</summary>
internal static class PlugIns
{
    /// <summary>Their tags. The last sleeps, until somebody cancels it.</summary>
    internal static readonly IReadOnlyList<string> Tags = ["good", "loud", "failing", "hostile", Sleepy];

    internal const string Sleepy = "sleepy";

    private const string ResultsDirectory = """results=$(sed 's/.*"results_dir": *"\([^"]*\)".*/\1/')""";

    /// <summary>Writes the scripts and their configurations, and returns the folder of these.</summary>
    internal static async Task<string> WriteAsync(TemporaryDirectory folder)
    {
        var made = UploadLeaf.MakeGood(folder["made"]).Path;
        var scripts = new Dictionary<string, string>
        {
            ["good"] = $"{ResultsDirectory}\necho building hello\nsleep 0.5\ncp {made}/* \"$results\"",
            ["loud"] = $"{ResultsDirectory}\nseq 400000\ncp {made}/* \"$results\"",
            ["failing"] = "echo it does not compile\nsleep 400.5 &\nexit 1",
            ["hostile"] = $"""
                {ResultsDirectory}
                printf '\033]0;title\007\033[2J\233\r'
                cp {made}/* "$results"
                mkfifo "$results/pipe.changes"
                ln -s /etc/shadow "$results/shadow.deb"
                ln -s . "$results/circle"
                truncate -s 900T "$results/sparse.deb"
                """,
            [Sleepy] = "trap '' TERM\necho sleeping\nsleep 300",
        };
        var backends = Directory.CreateDirectory(folder["backends.d"]).FullName;
        foreach (var (tag, script) in scripts)
        {
            var command = folder[tag];
            await Executable.WriteAsync(command, "#!/bin/sh\n" + script + "\n");
            await File.WriteAllTextAsync(Path.Combine(backends, tag + ".conf"), $"[backend]\ntag = {tag}\ncommand = {command}\n");
        }

        return backends;
    }
}

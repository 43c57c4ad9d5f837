using Buildd.Linux.Processes;

namespace Buildd.Backends.Commands;

/// <summary>What the reference gives its preparing steps: no questions, messages in one language.</summary>
internal static class StepEnvironment
{
    private static readonly KeyValuePair<string, string?>[] Quiet =
    [
        new("LANG", "C"), new("LC_ALL", null), new("DEBIAN_FRONTEND", "noninteractive"), new("TTY", "unknown"), new("NOTIFY_SOCKET", null),
    ];

    /// <summary>The command with those variables that it does not set itself.</summary>
    internal static Command Complete(Command command) =>
        command with { Environment = command.Environment.SetItems(Quiet.Where(v => !command.Environment.ContainsKey(v.Key))) };
}

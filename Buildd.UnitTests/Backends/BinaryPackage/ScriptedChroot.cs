using System.Text;
using Buildd.Linux.Processes;

namespace Buildd.UnitTests.Backends.BinaryPackage;

/// <summary>A chroot whose apt answers what a test says.</summary>
internal sealed class ScriptedChroot
{
    internal const string ListFile = "/var/lib/apt/lists/archive.example_Packages.lz4";

    /// <summary>What apt says its indexes are.</summary>
    internal string Targets { get; set; } = $"buildd-index:{ListFile}\n";

    internal int TargetsExitCode { get; set; }

    /// <summary>What apt's helper writes.</summary>
    internal string Index { get; set; } = "";

    internal int HelperExitCode { get; set; }

    /// <summary>What is in indexes that are not compressed.</summary>
    internal string Plain { get; set; } = "";

    internal int PlainExitCode { get; set; }

    internal bool Hangs { get; set; }

    internal List<Command> Ran { get; } = [];

    internal async Task<int> RunAsync(Command command, OutputWriter output, CancellationToken cancellationToken)
    {
        Ran.Add(command);
        if (Hangs)
            await Task.Delay(Timeout.Infinite, cancellationToken);
        var (text, exitCode) = command.File switch
        {
            "apt-get" => (Targets, TargetsExitCode),
            "/usr/lib/apt/apt-helper" => (Index, HelperExitCode),
            "/bin/sh" => (Plain, PlainExitCode),
            _ => throw new InvalidOperationException($"{command} was not expected"),
        };
        output(Encoding.UTF8.GetBytes(text));
        return exitCode;
    }
}

using Buildd.Linux.Processes;

namespace Buildd.Testing.Programs;

/// <summary>Writes programs for tests to run.</summary>
public static class Executable
{
    /// <summary>
    /// Writes a script that everybody may run. Another process does it: what this one has open for writing, children that other threads
    /// start have open too until they run their program, and whoever runs the script in that moment gets "Text file busy".
    /// </summary>
    /// <param name="path">The file; an old one is replaced.</param>
    /// <param name="script">All that is in it, the first line with the interpreter included.</param>
    public static Task WriteAsync(string path, string script) => ProcessRunner.CaptureAsync(
        Command.Of("sh", "-c", """rm -f "$1" && printf %s "$2" > "$1" && chmod 755 "$1" """, "sh", path, script));
}

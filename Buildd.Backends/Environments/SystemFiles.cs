using Buildd.Backends.Steps;
using Buildd.Linux.Processes;

namespace Buildd.Backends.Environments;

/// <summary>Looks at what a build's programs have written in its system, as the build's own user and without following links.</summary>
/// <remarks>
/// For names and small files, of which nothing is taken away; what is to leave the system is moved by
/// <see cref="BuildEnvironment.TakeAsync"/>. The reading is done by programs inside: a link leads to nothing of this machine, and whatever
/// name a hostile build gives a file is an argument and never part of a script.
/// </remarks>
internal sealed class SystemFiles(BuildEnvironment system, BuildUser user)
{
    /// <summary>How long a list of names may be, in bytes; a source tree of a whole system has less.</summary>
    internal const int MaxListBytes = 16 * 1024 * 1024;

    /// <summary>What exits when the file is not there, is no ordinary one or is a link.</summary>
    private const int NoFile = 66;

    private const string ReadScript = "[ -f \"$1\" ] && [ ! -L \"$1\" ] || exit 66; exec head -c \"$2\" -- \"$1\" 2>/dev/null";

    /// <summary>Runs find(1) below a folder and returns the names that it prints, in order of their bytes.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="expression">What is looked for; it has to print names that end in a NUL.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="IOException">It fails, or finds too much.</exception>
    internal async Task<IReadOnlyList<string>> FindAsync(
        string directory, IEnumerable<string> expression, CancellationToken cancellationToken)
    {
        var list = new MemoryStream();
        var code = await RunAsync(
            Command.Of("/bin/sh", ["-c", "exec find \"$@\" 2>/dev/null", "sh", directory, .. expression]),
            bytes =>
            {
                if (list.Length + bytes.Length > MaxListBytes)
                    throw new IOException($"there are more than {MaxListBytes} bytes of names below {directory}");
                list.Write(bytes);
            },
            $"look for files below {directory}", cancellationToken).ConfigureAwait(false);
        return code == 0
            ? [.. System.Text.Encoding.UTF8.GetString(list.ToArray()).Split('\0', StringSplitOptions.RemoveEmptyEntries).Order(
                StringComparer.Ordinal)]
            : throw new IOException($"find below {directory} ended with exit code {code}");
    }

    /// <summary>Reads a small file; null when there is none of that name, or it is a link.</summary>
    /// <param name="path">Its full path inside.</param>
    /// <param name="maxBytes">How much of it is read; of a longer one the rest is left.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="IOException">It can't be read.</exception>
    internal async Task<byte[]?> ReadAsync(string path, int maxBytes, CancellationToken cancellationToken)
    {
        var content = new MemoryStream();
        var code = await RunAsync(
            Command.Of("/bin/sh", "-c", ReadScript, "sh", path, maxBytes.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            bytes => content.Write(bytes[..(int)Math.Min(bytes.Length, maxBytes - content.Length)]), $"read {path}", cancellationToken)
                .ConfigureAwait(false);
        return code switch
        {
            0 => content.ToArray(),
            NoFile => null,
            _ => throw new IOException($"{path} can't be read: exit code {code}"),
        };
    }

    private Task<int> RunAsync(Command command, OutputWriter output, string description, CancellationToken cancellationToken) =>
        system.RunInsideAsync(user.Inside(command, "/"), cancellationToken, output: output, description: description);
}

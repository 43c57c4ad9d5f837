using System.Text;
using Buildd.Backends.Commands;

namespace Buildd.Backends.Recipe;

/// <summary>
/// Finds, in what apt writes while it installs build dependencies, the relation that is waited for: in the line straight after
/// the heading, what stands behind its last <c>: Depends: </c>, one word and an optional version, as it stands (protocol
/// section 12.2). What it holds does not grow with the output. For one thread at a time.
/// </summary>
internal sealed class UnmetDependency
{
    private const int MaxLineBytes = 4096;
    private const string Depends = ": Depends: ";

    private readonly LineSplitter _lines;
    private bool _isAfterHeading;

    internal UnmetDependency() => _lines = new LineSplitter(MaxLineBytes, Look);

    /// <summary>The relation; null when apt named none.</summary>
    internal string? Relation { get; private set; }

    /// <summary>Takes a piece of the output.</summary>
    internal void Write(ReadOnlySpan<byte> bytes) => _lines.Write(bytes);

    private void Look(ReadOnlySpan<byte> line, bool isCut)
    {
        if (_isAfterHeading && !isCut)
            Relation ??= Read(Encoding.UTF8.GetString(line));
        _isAfterHeading = line.SequenceEqual("The following packages have unmet dependencies:"u8);
    }

    private static string? Read(string line)
    {
        var start = line.LastIndexOf(Depends, StringComparison.Ordinal);
        if (start < 0)
            return null;
        var words = line[(start + Depends.Length)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words switch
        {
            [] => null,
            [var name, ['(', ..] op, [.., ')'] version, ..] => $"{name} {op} {version}",
            [var name, ..] => name,
        };
    }
}

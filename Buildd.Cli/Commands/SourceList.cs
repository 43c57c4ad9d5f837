using Buildd.Linux.Files;

namespace Buildd.Cli.Commands;

/// <summary>A source package that a person has named.</summary>
/// <param name="Path">The <c>.dsc</c>, as it was written.</param>
/// <param name="Place">The file and line that name it; null for the command line.</param>
internal sealed record NamedSource(string Path, string? Place)
{
    /// <summary>Says what is wrong with it, and where it stands.</summary>
    internal string Describe(string mistake)
    {
        var text = mistake.Contains(Path, StringComparison.Ordinal) ? mistake : $"{Path}: {mistake}";
        return Place is null ? text : $"{Place}: {text}";
    }
}

/// <summary>Lists of source packages: a path in each line. Blank lines, and those that begin with <c>#</c>, are passed over.</summary>
internal static class SourceList
{
    /// <summary>The name of standard input.</summary>
    internal const string StandardInput = "-";

    /// <summary>Reads a list to its end.</summary>
    /// <param name="name">The file, or <see cref="StandardInput"/>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">It is not there.</exception>
    /// <exception cref="IOException">It can't be read.</exception>
    internal static async Task<IReadOnlyList<NamedSource>> ReadAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            // Opening a pipe waits for its other end, and can't be called off.
            var opening = Task.Run(() => new StreamReader(name == StandardInput ? Console.OpenStandardInput() : File.OpenRead(name)));
            using var reader = await opening.WaitAsync(cancellationToken);
            return await ReadAsync(reader, name == StandardInput ? "standard input" : name, cancellationToken);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw FarmException.NotFound($"{FileName.Display(name)} is not there: --from-file names a list of source packages");
        }
    }

    /// <summary>Reads a list to its end.</summary>
    /// <param name="reader">The list.</param>
    /// <param name="name">What to call it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal static async Task<IReadOnlyList<NamedSource>> ReadAsync(TextReader reader, string name, CancellationToken cancellationToken)
    {
        var sources = new List<NamedSource>();
        for (var number = 1; await reader.ReadLineAsync(cancellationToken).AsTask().WaitAsync(cancellationToken) is { } line; number++)
        {
            if (!string.IsNullOrWhiteSpace(line) && line[0] != '#')
                sources.Add(new NamedSource(line, $"{name}:{number}"));
        }

        return sources;
    }
}

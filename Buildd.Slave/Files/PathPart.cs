namespace Buildd.Slave.Files;

/// <summary>The rule for names from the wire (build ids, names of files and results) that become one part of a path.</summary>
internal static class PathPart
{
    /// <summary>The longest name in bytes that Linux file systems take (NAME_MAX), less what we put before and after it.</summary>
    internal const int MaxLength = 200;

    /// <summary>What is wrong with a name; null when it may be used.</summary>
    internal static string? FindMistake(string name) => name switch
    {
        "" => "it is empty",
        "." or ".." => "it is no name",
        _ when System.Text.Encoding.UTF8.GetByteCount(name) > MaxLength => $"it is longer than {MaxLength} bytes",
        _ when name.Contains('/', StringComparison.Ordinal) => "it has a slash in it",
        _ when name.Any(char.IsControl) => "it has a control character in it",
        _ => null,
    };

    /// <exception cref="RefusedException">The name may not be used.</exception>
    internal static string Check(string what, string name) => FindMistake(name) is { } mistake
        ? throw new RefusedException($"{what} '{name.ReplaceLineEndings(" ")}' can't be used: {mistake}")
        : name;
}

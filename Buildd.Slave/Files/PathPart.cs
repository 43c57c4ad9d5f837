namespace Buildd.Slave.Files;

/// <summary>The rule for names from the wire (build ids, names of files and results) that become one part of a path.</summary>
public static class PathPart
{
    /// <summary>The longest name in bytes that Linux file systems take (NAME_MAX), less what we put before and after it.</summary>
    public const int MaxLength = 200;

    /// <summary>How deep in folders a result's name may be; the reference has one level at most.</summary>
    internal const int MaxParts = 16;

    /// <summary>What is wrong with a name; null when it may be used.</summary>
    public static string? FindMistake(string name) => name switch
    {
        "" => "it is empty",
        "." or ".." => "it is no name",
        _ when System.Text.Encoding.UTF8.GetByteCount(name) > MaxLength => $"it is longer than {MaxLength} bytes",
        _ when name.Contains('/', StringComparison.Ordinal) => "it has a slash in it",
        _ when name.Any(char.IsControl) => "it has a control character in it",
        _ => null,
    };

    /// <summary>For names of results, which may stand in folders: the kind of build <c>ci</c> has one per job.</summary>
    /// <exception cref="RefusedException">One of the parts between the slashes may not be used, or there are too many.</exception>
    internal static void CheckAll(string what, string name)
    {
        var parts = name.Split('/', MaxParts + 1);
        if (parts.Length > MaxParts)
            throw new RefusedException($"{what} can't be used: it has more than {MaxParts} parts");
        foreach (var part in parts)
            Check(what, part);
    }

    /// <exception cref="RefusedException">The name may not be used.</exception>
    internal static string Check(string what, string name) => FindMistake(name) is { } mistake
        ? throw new RefusedException($"{what} '{name.ReplaceLineEndings(" ")}' can't be used: {mistake}")
        : name;
}

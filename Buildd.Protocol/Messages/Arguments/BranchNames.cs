namespace Buildd.Protocol.Messages.Arguments;

/// <summary>
/// The names that may stand in the arguments of an image whose configuration is in a branch, by which the slave refuses what the farm has
/// said before. Any thread may call.
/// </summary>
public static class BranchNames
{
    /// <summary>The longest name of a branch, tag or commit, of a path, and of a variable, in characters.</summary>
    public const int MaxCharacters = 500;

    /// <summary>
    /// Whether it can be a branch, a tag or a commit: git-check-ref-format(1), as far as it keeps a name from being something else.
    /// </summary>
    public static bool IsRef(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Length is > 0 and <= MaxCharacters && name[0] is not ('-' or '/') && !name.Contains("..", StringComparison.Ordinal)
            && !name.Contains("@{", StringComparison.Ordinal)
            && !name.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || "~^:?*[\\".Contains(c, StringComparison.Ordinal));
    }

    /// <summary>Whether it can be a folder in a branch; a slash at the end, and nothing at all, are its top.</summary>
    public static bool IsFolder(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var parts = path.Trim('/').Split('/');
        return path.Length <= MaxCharacters && !path.StartsWith('/') && !path.Any(char.IsControl)
            && (parts is [""] || parts.All(part => part is not ("" or "." or ".." or ".git") && part[0] != '-'));
    }

    /// <summary>Whether it can be a variable of an environment.</summary>
    public static bool IsVariable(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Length is > 0 and <= MaxCharacters && !char.IsAsciiDigit(name[0])
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
    }
}

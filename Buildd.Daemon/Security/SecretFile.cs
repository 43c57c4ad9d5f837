using Buildd.Linux.Files;

namespace Buildd.Daemon.Security;

/// <summary>Reads the files that the section [security] names.</summary>
internal static class SecretFile
{
    /// <summary>The file's text; null when it can't be used, and then <paramref name="mistakes"/> has the reason.</summary>
    /// <param name="key">The key that names it, for messages.</param>
    /// <param name="path">The file.</param>
    /// <param name="isSecret">Whether it is refused when everybody on the machine may read or write it.</param>
    /// <param name="mistakes">Is added to.</param>
    internal static string? Read(string key, string path, bool isSecret, ICollection<string> mistakes)
    {
        try
        {
            return SecretText.Read(path, isSecret);
        }
        catch (IOException e)
        {
            mistakes.Add($"{key}: {e.Message}");
            return null;
        }
    }
}

namespace Buildd.Daemon.Security;

/// <summary>Reads the files that the section [security] names: small texts, some of them secret.</summary>
internal static class SecretFile
{
    /// <summary>A token has a line, a bundle of authorities some hundred certificates of 2 KiB.</summary>
    private const int MaxBytes = 1024 * 1024;

    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>The file's text; null when it can't be used, and then <paramref name="mistakes"/> has the reason.</summary>
    /// <param name="key">The key that names it, for messages.</param>
    /// <param name="path">The file.</param>
    /// <param name="isSecret">Whether it is refused when everybody on the machine may read or write it.</param>
    /// <param name="mistakes">Is added to.</param>
    internal static string? Read(string key, string path, bool isSecret, ICollection<string> mistakes)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
                mistakes.Add($"{key}: there is no file '{path}'");
            else if (file.Length is 0 or > MaxBytes)
                mistakes.Add($"{key}: '{path}' has {file.Length} bytes; it has to have from 1 to {MaxBytes}");
            else if (isSecret && (file.ResolveLinkTarget(returnFinalTarget: true) ?? file).UnixFileMode is var mode && (mode & Others) != 0)
                mistakes.Add($"{key}: everybody on this machine may read or write '{path}': chmod o= it");
            else
                return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            mistakes.Add($"{key}: '{path}' can't be read: {e.Message}");
        }

        return null;
    }
}

namespace Buildd.Linux.Files;

/// <summary>Reads files with a token, a password or a key: small texts that only few may read.</summary>
public static class SecretText
{
    /// <summary>A token has a line, a bundle of authorities some hundred certificates of 2 KiB.</summary>
    public const int MaxBytes = 1024 * 1024;

    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>Returns the whole text of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isSecret">Whether it is refused when everybody on the machine may read or write it; true by default.</param>
    /// <exception cref="IOException">It can't be used. The message names the file and has nothing of its content.</exception>
    public static string Read(string path, bool isSecret = true)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
                throw new FileNotFoundException($"there is no file '{path}'");
            using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            var opened = (FileStream)reader.BaseStream; // its mode and length, whatever has the name by now
            if (opened.Length is 0 or > MaxBytes)
                throw new InvalidDataException($"'{path}' has {opened.Length} bytes; it has to have from 1 to {MaxBytes}");
            if (isSecret && (File.GetUnixFileMode(opened.SafeFileHandle) & Others) != 0)
                throw new InvalidDataException($"everybody on this machine may read or write '{path}': chmod o= it");
            return reader.ReadToEnd();
        }
        catch (Exception e) when (e is FileNotFoundException or InvalidDataException)
        {
            throw new IOException(e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"'{path}' can't be read: {e.Message}", e);
        }
    }
}

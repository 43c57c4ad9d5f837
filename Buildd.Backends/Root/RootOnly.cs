namespace Buildd.Backends.Root;

/// <summary>Tells whether a file says what root had it say.</summary>
public static class RootOnly
{
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>What lets somebody else than root change a file, or put another in its place; null when nothing does.</summary>
    /// <param name="path">The file's full path.</param>
    public static string? FindMistake(string path)
    {
        try
        {
            using (var file = OpenedPath.Open(path))
            {
                if (!file.IsRegular)
                    return $"'{path}' is no file";
            }

            for (var part = path; part is not null; part = Path.GetDirectoryName(part))
            {
                using var opened = OpenedPath.Open(part);
                if (opened.Owner != 0)
                    return $"'{part}' belongs to user {opened.Owner} and not to root";
                if ((opened.Mode & WritableByOthers) != 0)
                    return $"'{part}' can be written to by others than root";
            }

            return null;
        }
        catch (RootOperationException e)
        {
            return e.Message;
        }
    }
}

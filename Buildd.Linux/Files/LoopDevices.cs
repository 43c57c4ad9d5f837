namespace Buildd.Linux.Files;

/// <summary>Finds and detaches loop devices: what makes a file a disk, and stays when who did it is killed.</summary>
public static class LoopDevices
{
    private const string Deleted = " (deleted)";
    private const nuint DetachRequest = 0x4C01; // LOOP_CLR_FD, which is the same on every architecture

    /// <summary>The devices whose file lies in a folder, or lay there before it was deleted, as paths in /dev.</summary>
    public static IReadOnlyList<string> On(string folder) => On(folder, "/sys/block");

    internal static IReadOnlyList<string> On(string folder, string blockDevices)
    {
        if (!Directory.Exists(blockDevices))
            return [];
        return [.. Directory.EnumerateDirectories(blockDevices, "loop*")
            .Where(device => FileOf(device) is { } file && file.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal))
            .Select(device => $"/dev/{Path.GetFileName(device)}")];
    }

    /// <summary>Detaches a device, at the latest when the last that uses it lets go.</summary>
    /// <returns>What went wrong; null when nothing did.</returns>
    public static string? Detach(string device)
    {
        try
        {
            using var handle = File.OpenHandle(device, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return LibC.Ioctl(handle, DetachRequest, 0) == 0 ? null : LibC.LastError;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    private static string? FileOf(string device)
    {
        try
        {
            var file = File.ReadAllText(Path.Combine(device, "loop", "backing_file")).TrimEnd('\n');
            return file.EndsWith(Deleted, StringComparison.Ordinal) ? file[..^Deleted.Length] : file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it has no file, or none any more
        }
    }
}

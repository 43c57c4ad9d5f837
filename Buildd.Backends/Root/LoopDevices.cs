using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Buildd.Backends.Root;

/// <summary>Finds and detaches loop devices: what makes a file a disk, and stays when who did it is killed.</summary>
internal static partial class LoopDevices
{
    private const string Deleted = " (deleted)";
    private const nuint DetachRequest = 0x4C01; // LOOP_CLR_FD, which is the same on every architecture

    /// <summary>The devices whose file lies in a folder, or lay there before it was deleted, as paths in /dev.</summary>
    internal static IReadOnlyList<string> On(string folder) => On(folder, "/sys/block");

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
    internal static string? Detach(string device)
    {
        try
        {
            using var handle = File.OpenHandle(device, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return Ioctl(handle, DetachRequest, 0) == 0 ? null : Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());
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

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle device, nuint request, nint argument);
}

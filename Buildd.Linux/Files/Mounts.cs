namespace Buildd.Linux.Files;

/// <summary>
/// Mounts and unmounts, for root. Paths are followed wherever they lead: hand in those of held handles. Any thread may call.
/// </summary>
public static class Mounts
{
    private const nuint BindFlag = 0x1000; // MS_BIND
    private const nuint RemountFlag = 0x20; // MS_REMOUNT
    private const nuint Harmless = 1 | 2 | 4 | 8; // MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC
    private const int UnmountNoFollow = 8; // UMOUNT_NOFOLLOW
    private const int UnmountLazily = 2; // MNT_DETACH

    /// <summary>Mounts a file system.</summary>
    /// <param name="type">Its type, such as <c>proc</c> or <c>overlay</c>.</param>
    /// <param name="point">Where it appears; a folder.</param>
    /// <param name="options">The type's options, with commas; may be empty.</param>
    /// <param name="source">What is mounted, where the type asks for it.</param>
    /// <exception cref="IOException">It did not work.</exception>
    public static void Mount(string type, string point, string options, string source = "none") =>
        Check(LibC.Mount(source, point, type, 0, options), $"{type} could not be mounted");

    /// <summary>Has a folder appear at another one.</summary>
    /// <exception cref="IOException">It did not work.</exception>
    public static void Bind(string folder, string point) =>
        Check(LibC.Mount(folder, point, "none", BindFlag, ""), "the folder could not be bound");

    /// <summary>Takes from what <see cref="Bind"/> made everything but reading.</summary>
    /// <exception cref="IOException">It did not work.</exception>
    public static void MakeReadOnly(string point) =>
        Check(LibC.Mount("none", point, "none", BindFlag | RemountFlag | Harmless, ""), "the folder could not be made read-only");

    /// <summary>Unmounts what is mounted last at a folder; a link is not followed.</summary>
    /// <returns>What went wrong; null when nothing did.</returns>
    public static string? TryUnmount(string point) => LibC.Unmount(point, UnmountNoFollow) == 0 ? null : LibC.LastError;

    /// <summary>
    /// Takes what is mounted last at a folder out of it, though somebody uses it, who keeps it until the end; a link is not followed.
    /// </summary>
    /// <returns>What went wrong; null when nothing did.</returns>
    public static string? TryDetach(string point) =>
        LibC.Unmount(point, UnmountNoFollow | UnmountLazily) == 0 ? null : LibC.LastError;

    private static void Check(int result, string mistake)
    {
        if (result != 0)
            throw new IOException($"{mistake}: {LibC.LastError}");
    }
}

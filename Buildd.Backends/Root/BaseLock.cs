using Buildd.Linux.Files;

namespace Buildd.Backends.Root;

/// <summary>
/// Who relies on a base, unpacks or removes it: several slaves, and several runs of the operations, may have one folder of bases. It is a
/// lock on a file beside the base, <c>NAME.lock</c>, which the kernel lets go of when its holder ends, however it ends.
/// </summary>
internal sealed class BaseLock : IDisposable
{
    /// <summary>The end of the name of a lock's file, after the name of the base.</summary>
    internal const string Ending = ".lock";

    /// <summary>The interval between two tries to take the lock. To unpack a chroot takes seconds to minutes.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly string? _unlocked;
    private readonly FileStream _file;

    private BaseLock(string? unlocked, FileStream file) => (_unlocked, _file) = (unlocked, file);

    /// <summary>Takes a lock, and waits while others have it.</summary>
    /// <param name="bases">The folder of the bases, which nobody but root writes to.</param>
    /// <param name="name">What is locked.</param>
    /// <param name="isShared">Whether others may rely on it too; else it is nobody else's.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="IOException">The file can't be made or opened.</exception>
    internal static async Task<BaseLock> TakeAsync(
        OpenedPath bases, string name, bool isShared, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryTake(bases, name, isShared) is { } taken)
                return taken;
            await Task.Delay(Interval, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The same; null where others have it.</summary>
    /// <exception cref="IOException">The file can't be made or opened.</exception>
    internal static BaseLock? TryTake(OpenedPath bases, string name, bool isShared = false)
    {
        var path = Path.Combine(bases.Handle, name + Ending);
        FileStream file;
        try
        {
            file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = isShared ? FileAccess.Read : FileAccess.ReadWrite,
                Share = isShared ? FileShare.Read : FileShare.None,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (IOException e) when (Durable.IsHeldByAnother(e))
        {
            return null;
        }

        // Its last holder may have removed it between our opening and our locking it: then it locks nothing.
        if (UnixFile.Look(path) is { } now && now.IsSameFileAs(UnixFile.Look(file.SafeFileHandle)))
            return new BaseLock(isShared ? null : Path.Combine(bases.Handle, name), file);
        file.Dispose();
        return null;
    }

    /// <summary>Lets go. The file of a lock that is nobody else's goes with what it locked.</summary>
    public void Dispose()
    {
        if (_unlocked is not null && !Directory.Exists(_unlocked))
            File.Delete(_unlocked + Ending);
        _file.Dispose();
    }
}

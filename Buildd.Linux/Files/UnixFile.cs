using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Buildd.Linux.Files;

/// <summary>
/// What the framework has no call for: to look at a file, and to open one, without following a link or waiting at a pipe; to rename
/// without copying; to share another file's blocks. A file may be anything and may be exchanged at any time. Any thread may call.
/// </summary>
public static class UnixFile
{
    /// <summary>The mode of a file that nobody but its owner and its group can read.</summary>
    public const UnixFileMode ClosedMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    /// <summary>Looks at what has a name; null when nothing has. A link is looked at itself.</summary>
    /// <exception cref="IOException">It can't be found out.</exception>
    public static FileFacts? Look(string path)
    {
        if (LibC.Statx(LibC.WorkingFolder, path, LibC.NoFollow, LibC.BasicFacts, out var facts) == 0)
            return facts;
        return Marshal.GetLastPInvokeError() is LibC.NoSuchFile or LibC.NotAFolder ? null : throw Failure("look at", path);
    }

    /// <summary>Looks at an open file.</summary>
    /// <exception cref="IOException">It can't be found out.</exception>
    public static FileFacts Look(SafeFileHandle file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return LibC.Statx(file, "", LibC.EmptyPath, LibC.BasicFacts, out var facts) == 0
            ? facts
            : throw new IOException($"can't look at an open file: {LibC.LastError}");
    }

    /// <summary>The kind of what has a name, links not followed.</summary>
    /// <exception cref="IOException">It can't be found out.</exception>
    public static FileKind KindOf(string path) => Look(path)?.Kind ?? FileKind.Missing;

    /// <summary>Opens a file for reading. A link is not followed, and a pipe is not waited for.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="IOException">It is a link, or can't be opened.</exception>
    public static SafeFileHandle OpenToRead(string path) => Open(path) is (var descriptor, 0)
        ? new SafeFileHandle(descriptor, ownsHandle: true)
        : throw OpenFailure(path);

    /// <summary>Opens an ordinary file that a person has named, for reading. Links are followed, and a pipe is not waited for.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The stream, without a buffer of its own.</returns>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="IOException">It is a folder, a pipe or a device, or can't be opened.</exception>
    public static FileStream OpenNamed(string path)
    {
        var (descriptor, error) = Open(path, LibC.NonBlocking | LibC.CloseOnExec);
        if (error != 0)
            throw OpenFailure(path);
        var file = new SafeFileHandle(descriptor, ownsHandle: true);
        try
        {
            return Look(file) is { IsRegular: false } facts
                ? throw new IOException($"'{path}' can't be read: {facts.Kind.Describe()}, and a file is expected")
                : new FileStream(file, FileAccess.Read, bufferSize: 0);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>As <see cref="OpenToRead"/>, but null where there is no ordinary file of that name, whatever else there is.</summary>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="IOException">It can't be opened: the process has too many files open, or the disk is broken.</exception>
    public static SafeFileHandle? TryOpenRegular(string path)
    {
        var (descriptor, error) = Open(path);
        if (error != 0)
        {
            return error is LibC.NoSuchFile or LibC.NoSuchDevice or LibC.NotAFolder or LibC.NameTooLong or LibC.TooManyLinks
                ? null
                : throw OpenFailure(path);
        }

        var file = new SafeFileHandle(descriptor, ownsHandle: true);
        if (Look(file).IsRegular)
            return file;
        file.Dispose();
        return null;
    }

    /// <summary>
    /// Takes a folder for oneself, by flock(2), until what is returned is disposed of or the process ends, however it ends. Nothing is
    /// written, and who does not ask is not kept out.
    /// </summary>
    /// <returns>Null when somebody else has it.</returns>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="IOException">It can't be opened, or its file system has no locks.</exception>
    public static IDisposable? TryTakeFolder(string path)
    {
        var folder = OpenToRead(path);
        if (LibC.Lock(folder, LibC.LockAloneAtOnce) == 0)
            return folder;
        var failure = Marshal.GetLastPInvokeError() is LibC.WouldBlock ? null : Failure("lock", path);
        folder.Dispose();
        return failure is null ? null : throw failure;
    }

    /// <summary>Opens a path to refer to what is there, not to read it; the handle stays with it whatever is renamed later.</summary>
    /// <param name="folder">Where a relative path begins; null means the working folder.</param>
    /// <param name="path">The path.</param>
    /// <param name="walk">How it may be walked.</param>
    /// <param name="error">Why it can't be opened; <see cref="PathError.None"/> when it is.</param>
    /// <returns>The handle; null when it can't be opened.</returns>
    public static SafeFileHandle? TryOpenPath(SafeFileHandle? folder, string path, PathWalk walk, out PathError error)
    {
        var added = false;
        try
        {
            folder?.DangerousAddRef(ref added);
            var descriptor = LibC.OpenAt2(folder?.DangerousGetHandle() ?? LibC.WorkingFolder, path, LibC.PathOnly | LibC.CloseOnExec, walk);
            error = descriptor < 0 ? (PathError)Marshal.GetLastPInvokeError() : PathError.None;
            return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
        }
        finally
        {
            if (added)
                folder!.DangerousRelease();
        }
    }

    /// <summary>Reads a small ordinary file, without waiting and without following a link.</summary>
    /// <param name="path">Where it should be.</param>
    /// <param name="maxBytes">How much of it is read at most.</param>
    /// <returns>The content, or what is wrong, or neither where nothing of that name is there.</returns>
    public static (byte[]? Content, string? Mistake) ReadSmall(string path, int maxBytes)
    {
        try
        {
            // Looked at before too: opening a device may do something to it.
            if (KindOf(path) is var kind and not FileKind.Regular)
                return (null, kind == FileKind.Missing ? null : kind.Describe());
            using var file = OpenToRead(path);
            var facts = Look(file);
            if (!facts.IsRegular)
                return (null, facts.Kind.Describe());
            if (facts.Size > maxBytes)
                return (null, $"it has {facts.Size} bytes; {maxBytes} are the most");
            var content = new byte[maxBytes + 1]; // it may grow while it is read
            var length = RandomAccess.Read(file, content, 0);
            return length > maxBytes ? (null, $"it has more than {maxBytes} bytes") : (content[..length], null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, $"it can't be read: {e.Message}");
        }
    }

    /// <summary>
    /// Gives a file another name, replacing what has it. Unlike <see cref="File.Move(string, string, bool)"/> it never copies.
    /// </summary>
    /// <returns>False when that is another file system.</returns>
    /// <exception cref="IOException">It can't be renamed.</exception>
    public static bool TryRename(string from, string to)
    {
        if (LibC.Rename(from, to) == 0)
            return true;
        return Marshal.GetLastPInvokeError() is LibC.OtherFileSystem ? false : throw Failure("rename", from);
    }

    /// <summary>Gives a file another name, which nothing may have. It is never copied.</summary>
    /// <returns>False when that is on another mount.</returns>
    /// <exception cref="IOException">It can't be renamed.</exception>
    public static bool TryRenameToNew(string from, string to)
    {
        if (LibC.RenameAt2(LibC.WorkingFolder, from, LibC.WorkingFolder, to, LibC.NoReplace) == 0)
            return true;
        return Marshal.GetLastPInvokeError() is LibC.OtherFileSystem
            ? false
            : throw new IOException($"the file could not be moved: {LibC.LastError}");
    }

    /// <summary>Gives a file a further name; a link is not followed.</summary>
    /// <returns>Whether it has it now; where it has not, that may be because the name is in another file system.</returns>
    public static bool TryLink(string path, string name) => LibC.LinkAt(LibC.WorkingFolder, path, LibC.WorkingFolder, name, 0) == 0;

    /// <summary>Gives a file to a user; its group stays.</summary>
    /// <exception cref="IOException">It did not work.</exception>
    public static void Give(string path, uint user)
    {
        if (LibC.Chown(path, user, LibC.SameGroup) != 0)
            throw new IOException($"the file could not be given away: {LibC.LastError}");
    }

    /// <summary>Gives an open file, or folder, to a user; its group stays.</summary>
    /// <exception cref="IOException">It did not work.</exception>
    public static void Give(SafeFileHandle file, uint user)
    {
        if (LibC.Chown(file, user, LibC.SameGroup) != 0)
            throw new IOException($"the file could not be given away: {LibC.LastError}");
    }

    /// <summary>Gives what has a name to a group; its owner stays.</summary>
    /// <exception cref="IOException">It did not work.</exception>
    public static void GiveToGroup(string path, uint group)
    {
        if (LibC.Chown(path, LibC.SameOwner, group) != 0)
            throw Failure("give away", path);
    }

    /// <summary>
    /// Makes an empty file that nobody but its owner and its group can read, from the moment that it is there. A link is not followed.
    /// </summary>
    /// <exception cref="IOException">Something has the name, or it can't be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public static void MakeClosed(string path)
    {
        using var made = new FileStream(
            path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = ClosedMode });
    }

    /// <summary>Makes a file our own, that of this process's user and group.</summary>
    /// <returns>Whether it is.</returns>
    public static bool TryOwn(SafeFileHandle file) =>
        LibC.Chown(file, Processes.CurrentUser.Id, LibC.GetEffectiveGroupId()) == 0;

    /// <summary>Has an empty file share the blocks of another one, where the file system can do that (btrfs, XFS).</summary>
    public static bool TryClone(SafeFileHandle from, SafeFileHandle to)
    {
        ArgumentNullException.ThrowIfNull(from);
        return LibC.Ioctl(to, LibC.CloneRequest, from.DangerousGetHandle()) == 0;
    }

    /// <summary>
    /// Whether certainly nobody has the file open for writing: only then does the kernel grant a read lease (fcntl(2)). The
    /// file has to be ours; a file system without leases counts as no.
    /// </summary>
    public static bool HasNoWriter(SafeFileHandle file) =>
        LibC.FileControl(file, LibC.SetLease, LibC.ReadLease) == 0 && LibC.FileControl(file, LibC.SetLease, LibC.NoLease) == 0;

    /// <summary>Whether something could not be written because nobody reads the other end of the pipe, or socket.</summary>
    public static bool IsBrokenPipe(IOException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception.HResult == LibC.BrokenPipe;
    }

    /// <summary>Why this process can't list, enter or write a folder; null when it can.</summary>
    public static string? FindRefusal(string folder) => LibC.Access(folder, LibC.MayReadWriteEnter) == 0 ? null : LibC.LastError;

    private static (int Descriptor, int Error) Open(string path) =>
        Open(path, LibC.NonBlocking | LibC.CloseOnExec | LibC.OpenNoFollow);

    private static (int Descriptor, int Error) Open(string path, int flags)
    {
        while (true)
        {
            var descriptor = LibC.Open(path, flags);
            if (descriptor >= 0)
                return (descriptor, 0);
            if (Marshal.GetLastPInvokeError() is not LibC.Interrupted and var error)
                return (descriptor, error);
        }
    }

    private static Exception OpenFailure(string path) => Marshal.GetLastPInvokeError() switch
    {
        LibC.NoSuchFile => new FileNotFoundException($"there is no '{path}'", path),
        LibC.NotPermitted or LibC.AccessDenied => new UnauthorizedAccessException($"'{path}' may not be read"),
        _ => Failure("open", path),
    };

    private static IOException Failure(string what, string path) => new($"can't {what} '{path}': {LibC.LastError}");
}

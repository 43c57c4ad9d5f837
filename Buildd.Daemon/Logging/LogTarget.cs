namespace Buildd.Daemon.Logging;

/// <summary>Where the lines of the log go: standard output, or a file that can be opened again. Used by one thread at a time.</summary>
internal sealed class LogTarget : IDisposable
{
    /// <summary>The owner writes and the group reads; the log names builds and hosts.</summary>
    private const UnixFileMode FileMode640 = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private readonly string? _path;
    private Stream _stream;

    /// <exception cref="IOException">The file can't be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    internal LogTarget(string? path)
    {
        _path = path;
        _stream = path is null ? Console.OpenStandardOutput() : Open(path);
    }

    internal bool IsFile => _path is not null;

    /// <exception cref="IOException">The disk is full, or the like.</exception>
    internal void Write(ReadOnlySpan<byte> lines) => _stream.Write(lines);

    /// <summary>Opens the file of that name anew, which after a rename is another one. When it can't be, the old one stays.</summary>
    /// <exception cref="IOException">It can't be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    internal void Reopen()
    {
        var old = _stream;
        _stream = Open(_path ?? throw new InvalidOperationException("standard output can't be opened again"));
        old.Dispose();
    }

    public void Dispose()
    {
        if (IsFile)
            _stream.Dispose();
    }

    private static FileStream Open(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.Append,
        Access = FileAccess.Write,
        Share = FileShare.ReadWrite | FileShare.Delete,
        BufferSize = 0, // what is written is in the file, should the process die
        UnixCreateMode = FileMode640,
    });
}

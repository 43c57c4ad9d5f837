using Microsoft.Extensions.Logging;

namespace Buildd.Master.Connections;

/// <summary>
/// Something that is made of files, and made again when one of them has changed. While the new ones can't be used, what was made before
/// stays: a certificate and its key are never exchanged in one moment. Any thread may call.
/// </summary>
/// <param name="paths">The files.</param>
/// <param name="make">Reads them; throws <see cref="SlaveKeyException"/> when they can't be used.</param>
/// <param name="logger">Is told of files that can't be used.</param>
internal sealed class WatchedFiles<T>(IReadOnlyList<string> paths, Func<T> make, ILogger logger)
    where T : class
{
    private readonly Lock _lock = new();
    private string? _stamp;
    private T? _value;

    /// <summary>The value of the files as they are now.</summary>
    /// <exception cref="SlaveKeyException">They can't be used, and never could.</exception>
    public T Current
    {
        get
        {
            lock (_lock)
            {
                var stamp = string.Join('\n', paths.Select(StampOf));
                if (_value is not null && stamp == _stamp)
                    return _value;
                try
                {
                    _value = make();
                }
                catch (SlaveKeyException exception) when (_value is not null)
                {
                    logger.LogKeysKept(exception);
                }

                _stamp = stamp;
                return _value;
            }
        }
    }

    /// <summary>A text that is another once a file's content may be another.</summary>
    private static string StampOf(string path)
    {
        try
        {
            var file = new FileInfo(path);
            file = (FileInfo?)file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
            return file.Exists ? $"{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks} {file.UnixFileMode}" : "";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}

namespace Buildd.Slave.Files;

/// <summary>
/// Holds the cache's folder for this slave. It is taken before anything of the slave looks at the folder: what an earlier slave left to be
/// removed may be another's, which runs.
/// </summary>
/// <param name="folder">The folder.</param>
/// <exception cref="FileCacheException">Another slave has it.</exception>
internal sealed class CacheHold(CacheFolder folder) : IDisposable
{
    private readonly IDisposable? _taken = folder.Take();

    public void Dispose() => _taken?.Dispose();
}

using Buildd.Protocol;

namespace Buildd.Slave.Files;

/// <summary>Files that somebody needs: the cache does not remove them until this is disposed of. May be used from any thread.</summary>
internal sealed class CacheLease(CacheFolder folder) : IDisposable
{
    private readonly HashSet<Sha1> _sums = [];
    private bool _isOver;

    /// <summary>Needs another file; whether it is there yet does not matter.</summary>
    internal void Add(Sha1 sha1)
    {
        lock (_sums)
        {
            if (!_isOver && _sums.Add(sha1))
                folder.Hold(sha1);
        }
    }

    /// <summary>Needs none of them any more. They count as used just now.</summary>
    public void Dispose()
    {
        lock (_sums)
        {
            if (_isOver)
                return;
            _isOver = true;
            foreach (var sha1 in _sums)
                folder.Release(sha1);
        }
    }
}

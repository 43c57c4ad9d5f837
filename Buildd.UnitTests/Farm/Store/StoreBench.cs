using System.Collections.Concurrent;
using Buildd.Farm.Store.Sqlite;
using Buildd.Testing.Files;

namespace Buildd.UnitTests.Farm.Store;

/// <summary>A store in a folder of a test's own, opened as often as the test likes; each time is another process's view.</summary>
internal sealed class StoreBench : IAsyncDisposable
{
    private readonly ConcurrentBag<SqliteStore> _stores = [];
    private readonly TemporaryDirectory _folder = new();

    internal string Path => _folder["farm.sqlite"];

    internal SqliteStore Open(TimeProvider? time = null)
    {
        var store = SqliteStore.OpenAsync(Path, time).GetAwaiter().GetResult();
        _stores.Add(store);
        return store;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
            await store.DisposeAsync();
        _folder.Dispose();
    }
}

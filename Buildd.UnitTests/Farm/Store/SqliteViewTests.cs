using Buildd.Farm.Store;
using Buildd.Farm.Store.Sqlite;
using Dapper;
using Microsoft.Data.Sqlite;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Store;

public sealed class SqliteViewTests : StoreViewContract, IAsyncDisposable
{
    private readonly StoreBench _bench = new();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Test]
    public async Task The_file_is_the_same_afterwards()
    {
        await using (var store = _bench.Open())
            await store.WriteAsync(connection => connection.ExecuteAsync("PRAGMA user_version = 1"), default); // as an older program's
        var before = await File.ReadAllBytesAsync(_bench.Path);

        await using (var view = await ViewAsync())
        {
            Assert.That(view.Version, Is.EqualTo(1));
            Assert.That(await view.FindMistakesAsync(), Is.Empty);
        }

        Assert.That(await File.ReadAllBytesAsync(_bench.Path), Is.EqualTo(before));
    }

    [Test]
    public async Task A_newer_one_is_looked_at_and_said_to_be_newer()
    {
        await using (var store = _bench.Open())
            await store.WriteAsync(connection => connection.ExecuteAsync("PRAGMA user_version = 1000"), default);

        await using var view = await ViewAsync();

        Assert.That(await view.FindMistakesAsync(), Has.One.StartsWith("it has the schema 1000, of a newer program"));
    }

    [Test]
    public async Task Damage_is_said()
    {
        await using (var store = _bench.Open())
            await store.Builds.AddAsync([new() { JobType = "PACKAGEBUILD", Title = "one", Specification = new byte[100_000] }]);
        await using (var file = File.OpenWrite(_bench.Path))
        {
            file.Seek(4096 * 4, SeekOrigin.Begin);
            file.Write(Enumerable.Repeat((byte)0xA5, 4096 * 3).ToArray());
        }

        await using var view = await ViewAsync();

        Assert.That(await view.FindMistakesAsync(), Is.Not.Empty);
    }

    private protected override FarmStore Open() => _bench.Open();

    private protected override async Task<StoreView> ViewAsync() => await SqliteView.OpenAsync(_bench.Path);

    private protected override async Task WithoutKeysAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={_bench.Path};Pooling=False;Foreign Keys=False");
        await connection.ExecuteAsync(sql);
    }

    private protected override int Newest => Migration.Read("sqlite").Count;
}

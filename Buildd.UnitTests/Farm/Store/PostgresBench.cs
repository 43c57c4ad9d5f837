using System.Collections.Concurrent;
using Buildd.Farm.Store.Postgresql;
using Buildd.Testing.Databases;
using Dapper;
using Npgsql;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Store;

/// <summary>A store in a schema of a test's own, opened as often as the test likes; each time is another process's view.</summary>
internal sealed class PostgresBench : IAsyncDisposable
{
    private readonly ConcurrentBag<PostgresStore> _stores = [];
    private readonly string _connectionString;

    internal PostgresBench()
    {
        var server = PostgresForTests.Server;
        var schema = server.NewSchemaName();
        using (var connection = new NpgsqlConnection(server.ConnectionString))
            connection.Execute($"CREATE SCHEMA {schema}");
        _connectionString = $"{server.ConnectionString};Search Path={schema}";
    }

    internal PostgresStore Open(TimeProvider? time = null)
    {
        var store = PostgresStore.OpenAsync(_connectionString, time).GetAwaiter().GetResult();
        _stores.Add(store);
        return store;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
            await store.DisposeAsync();
    }
}

/// <summary>The one server of all tests of this process, started by the first that wants it.</summary>
[SetUpFixture]
public sealed class PostgresForTests
{
    private static readonly Lazy<PostgresServer> One = new(() => PostgresServer.StartAsync().GetAwaiter().GetResult());

    internal static PostgresServer Server => One.Value;

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (One.IsValueCreated)
            await One.Value.DisposeAsync();
    }
}

using System.Collections.Concurrent;
using Buildd.Farm.Store.Postgresql;
using Dapper;
using Npgsql;

namespace Buildd.UnitTests.Farm.Store;

/// <summary>A store in a schema of a test's own, opened as often as the test likes; each time is another process's view.</summary>
internal sealed class PostgresBench : IAsyncDisposable
{
    private readonly ConcurrentBag<PostgresStore> _stores = [];

    internal PostgresBench()
    {
        var server = PostgresForTests.Server;
        Schema = server.NewSchemaName();
        using (var connection = new NpgsqlConnection(server.ConnectionString))
            connection.Execute($"CREATE SCHEMA {Schema}");
        ConnectionString = $"{server.ConnectionString};Search Path={Schema};Application Name={Schema}";
    }

    /// <summary>The schema, and the name that its connections have at the server.</summary>
    internal string Schema { get; }

    /// <summary>Npgsql's words for the schema.</summary>
    internal string ConnectionString { get; }

    internal PostgresStore Open(TimeProvider? time = null)
    {
        var store = PostgresStore.OpenAsync(ConnectionString, time).GetAwaiter().GetResult();
        _stores.Add(store);
        return store;
    }

    /// <summary>Has the server end all connections of this schema's stores.</summary>
    internal async Task CutAllAsync()
    {
        await using var connection = new NpgsqlConnection(PostgresForTests.Server.ConnectionString);
        await connection.ExecuteAsync(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = @name", new { name = Schema });
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
            await store.DisposeAsync();
    }
}

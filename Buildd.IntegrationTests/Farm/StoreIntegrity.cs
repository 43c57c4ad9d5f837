using Buildd.Farm.Store.Sqlite;
using Dapper;

namespace Buildd.IntegrationTests.Farm;

/// <summary>Whether a store is whole, as SQLite sees it.</summary>
internal static class StoreIntegrity
{
    /// <summary>Returns <c>ok</c>, or what is wrong.</summary>
    internal static Task<string> CheckIntegrityAsync(this SqliteStore store) => store.WriteAsync(
        connection => connection.QuerySingleAsync<string>("SELECT * FROM pragma_integrity_check"), default);
}

using Buildd.Farm.Store;

namespace Buildd.IntegrationTests.Farm;

/// <summary>Whether a store is whole, as SQLite sees it.</summary>
internal static class StoreIntegrity
{
    /// <summary>Returns <c>ok</c>, or what is wrong.</summary>
    internal static Task<string> CheckIntegrityAsync(this SqliteStore store) => store.WriteAsync(
        connection =>
        {
            using var check = connection.CreateCommand();
            check.CommandText = "SELECT * FROM pragma_integrity_check";
            return (string)check.ExecuteScalar()!;
        },
        default);
}

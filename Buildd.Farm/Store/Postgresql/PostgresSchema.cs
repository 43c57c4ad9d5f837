using Dapper;
using Npgsql;

namespace Buildd.Farm.Store.Postgresql;

/// <summary>The tables of a database of PostgreSQL: their version, which <c>farm_schema</c> has, and the way to today's.</summary>
internal static class PostgresSchema
{
    /// <summary>The table with the version. It is no part of what a farm stores.</summary>
    internal const string VersionTable = "farm_schema";

    /// <summary>What <c>SHOW server_version_num</c> says of the oldest one that the schema was made for.</summary>
    private const int OldestServer = 150000;

    private static readonly IReadOnlyList<Migration> Migrations = Migration.Read(PostgresDialect.Instance.Name);

    /// <summary>The version that this program makes and works with.</summary>
    internal static int Newest => Migrations.Count;

    /// <summary>Returns the version of a store; 0 for a database with nothing in it.</summary>
    /// <exception cref="StoreException">It is a database of something else, or of a server that is too old.</exception>
    internal static async Task<int> FindVersionAsync(NpgsqlConnection connection, string name)
    {
        if (await connection.ExecuteScalarAsync<int>("SELECT current_setting('server_version_num')::int") is var server and < OldestServer)
        {
            throw new StoreException(
                $"The server of the farm's store {name} is PostgreSQL {server / 10000}, and {OldestServer / 10000} is the oldest that will "
                    + "do.");
        }

        if (await connection.ExecuteScalarAsync<bool>($"SELECT to_regclass('{VersionTable}') IS NOT NULL"))
            return await connection.ExecuteScalarAsync<int>($"SELECT version FROM {VersionTable}");
        if (await connection.ExecuteScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = current_schema())"))
            throw new StoreException($"{name} is a database of something else: name another one for the farm's store.");
        return 0;
    }

    /// <summary>Makes the tables in an empty database, and brings older ones up to date.</summary>
    /// <exception cref="StoreException">It is a database of something else, or of a newer program, or its server is too old.</exception>
    internal static async Task PrepareAsync(NpgsqlConnection connection, string name)
    {
        if (await FindKnownVersionAsync(connection, name) == Newest)
            return; // also on a server that can only be read now
        await using var transaction = await connection.BeginTransactionAsync();
        // Of two programs that are here at the same time, the second finds it done.
        await connection.ExecuteAsync($"SELECT {PostgresTransactions.Lock}", commandTimeout: 0);
        await MigrateAsync(connection, await FindKnownVersionAsync(connection, name));
        await transaction.CommitAsync();
    }

    /// <summary>Takes the tables of the current schema from a version to today's. However long that takes.</summary>
    internal static async Task MigrateAsync(NpgsqlConnection connection, int version)
    {
        if (version == 0)
        {
            await connection.ExecuteAsync(
                $"CREATE TABLE {VersionTable} (version INT NOT NULL); INSERT INTO {VersionTable} VALUES (0)");
        }

        foreach (var migration in Migrations.Skip(version))
        {
            await connection.ExecuteAsync(migration.Sql, commandTimeout: 0);
            await connection.ExecuteAsync($"UPDATE {VersionTable} SET version = @Number", new { migration.Number });
        }
    }

    private static async Task<int> FindKnownVersionAsync(NpgsqlConnection connection, string name)
    {
        var version = await FindVersionAsync(connection, name);
        return version <= Newest ? version : throw StoreException.OfNewerProgram(name, version, Newest);
    }
}

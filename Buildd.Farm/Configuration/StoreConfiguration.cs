using Buildd.Farm.Store;
using Buildd.Farm.Store.Postgresql;
using Buildd.Farm.Store.Sqlite;
using Buildd.Linux.Files;
using Npgsql;

namespace Buildd.Farm.Configuration;

/// <summary>Where the farm's records are.</summary>
internal sealed record StoreConfiguration
{
    /// <summary>The file of SQLite, where <see cref="Database"/> names nothing else.</summary>
    internal string Path { get; init; } = "";

    /// <summary>The database of PostgreSQL, in Npgsql's words and without a password; null for <see cref="Path"/>.</summary>
    internal string? Database { get; init; }

    /// <summary>The file with the password for it; null for what <c>~/.pgpass</c> says, or none.</summary>
    internal string? PasswordFile { get; init; }

    /// <summary>Whether it is known, without asking a server, that there is none yet.</summary>
    internal bool IsMissing => Database is null && UnixFile.KindOf(Path) == FileKind.Missing;

    /// <summary>Opens it; makes it where there is none; brings an older one up to date.</summary>
    /// <exception cref="FarmException">The password can't be read.</exception>
    /// <exception cref="StoreException">It can't be opened.</exception>
    internal async Task<FarmStore> OpenAsync(CancellationToken cancellationToken) => Database is null
        ? await SqliteStore.OpenAsync(Path, cancellationToken: cancellationToken)
        : await OpenPostgresAsync(Database, cancellationToken);

    /// <summary>Opens the database that is named, as <see cref="OpenAsync"/> does.</summary>
    internal async Task<PostgresStore> OpenPostgresAsync(string database, CancellationToken cancellationToken) =>
        await PostgresStore.OpenAsync(WithPassword(database), cancellationToken: cancellationToken);

    /// <summary>Opens it for a look that changes nothing.</summary>
    /// <exception cref="FarmException">The password can't be read.</exception>
    /// <exception cref="StoreException">It can't be opened.</exception>
    internal async Task<StoreView> ViewAsync(CancellationToken cancellationToken) => Database is null
        ? await SqliteView.OpenAsync(Path)
        : await PostgresView.OpenAsync(WithPassword(Database), cancellationToken);

    private string WithPassword(string database)
    {
        if (PasswordFile is null)
            return database;
        try
        {
            return new NpgsqlConnectionStringBuilder(database)
            {
                Password = SecretText.Read(PasswordFile).TrimEnd('\r', '\n'),
            }.ConnectionString;
        }
        catch (IOException e)
        {
            throw new FarmException($"the password of the store: {e.Message}", e) { ExitCode = FarmExitCode.BadConfiguration };
        }
    }
}

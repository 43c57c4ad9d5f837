using System.Collections.Concurrent;
using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Buildd.Farm.Store.Sqlite;

/// <summary>
/// A farm in one file of SQLite: the journal is written ahead (WAL) and flushed at each commit.
/// </summary>
/// <remarks>
/// The engine blocks its thread while it works, so one write runs at a time, and reads run on a few of the pool's threads. A file system of
/// a network is no place for the file: WAL needs memory that all processes share.
/// </remarks>
internal sealed class SqliteStore : FarmStore
{
    /// <summary>
    /// How long a call waits for another process that writes, unless told otherwise; a transaction of ours takes milliseconds.
    /// </summary>
    public static readonly TimeSpan DefaultBusyTimeout = TimeSpan.FromSeconds(30);

    /// <summary>How many reads run at a time; the others wait for one of them.</summary>
    private const int MaxReaders = 4;

    /// <summary>How much of the written-ahead journal is kept as a file when it is not in use.</summary>
    private const int MaxIdleJournalBytes = 64 << 20;

    /// <summary>
    /// After how many pages of 4 KiB the journal is brought over to the file. A thousand dispatches change some four thousand of them:
    /// with SQLite's own number, 1000, each of their commits would wait for it.
    /// </summary>
    private const int JournalPages = 8192;

    /// <summary>
    /// What the one who writes keeps in memory of the file: a farm's queue, of which each dispatch changes pages here and there.
    /// </summary>
    private const int WriterCacheKibibytes = 64 << 10;

    /// <summary>How often other processes' commits are looked for while somebody waits: a read of one page that is in memory.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);

    private readonly string _connectionString;
    private readonly TimeSpan _busyTimeout;
    private readonly StoreWriter _writer;
    private readonly SemaphoreSlim _readers = new(MaxReaders);
    private readonly ConcurrentBag<SqliteConnection> _idle = [];
    private bool _isDisposed;

    private SqliteStore(string path, string connectionString, SqliteConnection writer, TimeProvider time, TimeSpan busyTimeout)
        : base(SqliteDialect.Instance, path, time)
    {
        _busyTimeout = busyTimeout;
        _connectionString = connectionString;
        _writer = new StoreWriter(new SqliteTransactions(path, writer));
        _writer.Start();
    }

    /// <summary>Opens a store; makes it, and what of its folder is missing, if there is none; brings an older one up to date.</summary>
    /// <param name="path">The file.</param>
    /// <param name="time">The clock of records and leases; the system's by default.</param>
    /// <param name="busyTimeout">
    /// How long a call waits for another process that writes; <see cref="DefaultBusyTimeout"/> by default.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StoreException">It can't be opened, is damaged, or was made by a newer program.</exception>
    public static Task<SqliteStore> OpenAsync(
        string path, TimeProvider? time = null, TimeSpan? busyTimeout = null, CancellationToken cancellationToken = default) =>
        Task.Run(
            () =>
                Open(System.IO.Path.GetFullPath(path), time ?? TimeProvider.System, busyTimeout ?? DefaultBusyTimeout), cancellationToken);

    /// <inheritdoc/>
    internal override Task<T> WriteAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken) =>
        _writer.RunAsync(work, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>Commits of this object are heard at once, those of others at the next look, a quarter of a second later.</remarks>
    internal override async Task ChangedAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAny(_writer.CommittedAsync(), Task.Delay(LookInterval, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <inheritdoc/>
    internal override async Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        await _readers.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(() => ReadAsync(work), cancellationToken);
        }
        finally
        {
            _readers.Release();
        }
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        for (var i = 0; i < MaxReaders; i++)
            await _readers.WaitAsync();
        while (_idle.TryTake(out var connection))
            connection.Dispose();
        await _writer.DisposeAsync();
        _readers.Dispose();
    }

    private static SqliteStore Open(string path, TimeProvider time, TimeSpan busyTimeout)
    {
        SqliteLibrary.Require();
        // Pooling would keep the file open after we said that it is closed. The timeout is the wrapper's own loop, which
        // sleeps; the engine's, set below, is finer, and the wrapper's ends after it.
        var connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Pooling = false,
            DefaultTimeout = 1,
        }.ToString();
        var writer = new SqliteConnection(connectionString);
        try
        {
            MakeFile(path);
            OpenConnection(writer, busyTimeout);
            writer.Execute($"PRAGMA wal_autocheckpoint = {JournalPages}; PRAGMA cache_size = -{WriterCacheKibibytes}");
            SqliteSchema.Prepare(path, writer, busyTimeout);
            return new SqliteStore(path, connectionString, writer, time, busyTimeout);
        }
        catch (SqliteException exception)
        {
            writer.Dispose();
            throw SqliteErrors.Translate(path, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            writer.Dispose();
            throw new StoreException($"The farm's store {path} can't be made: {exception.Message}", false, exception);
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    /// <summary>
    /// For nobody else's eyes: builds of private archives have passwords in their arguments. SQLite's other files get the same mode.
    /// </summary>
    private static void MakeFile(string path)
    {
        if (File.Exists(path))
            return;
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }).Dispose();
        StateFiles.GiveToOwner(path);
    }

    private static void OpenConnection(SqliteConnection connection, TimeSpan busyTimeout)
    {
        connection.Open();
        connection.Execute(
            $"PRAGMA busy_timeout = {(int)busyTimeout.TotalMilliseconds}; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA "
                + $"journal_size_limit = {MaxIdleJournalBytes}");
    }

    private async Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> work)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        SqliteConnection? connection = null;
        try
        {
            if (!_idle.TryTake(out connection))
            {
                connection = new SqliteConnection(_connectionString);
                OpenConnection(connection, _busyTimeout);
                connection.Execute("PRAGMA query_only = ON");
            }

            connection.Execute("BEGIN DEFERRED");
            var result = await work(connection);
            connection.Execute("COMMIT TRANSACTION");
            _idle.Add(connection);
            connection = null;
            return result;
        }
        catch (SqliteException exception)
        {
            throw SqliteErrors.Translate(Name, exception);
        }
        finally
        {
            connection?.Dispose(); // one that failed is not used again; closing it ends its transaction
        }
    }
}

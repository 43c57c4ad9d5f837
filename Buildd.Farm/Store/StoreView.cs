using System.Data.Common;
using Dapper;

namespace Buildd.Farm.Store;

/// <summary>
/// A look into a store that changes nothing in it, whichever program has made it. All of it sees one moment. For one thread at a time.
/// </summary>
/// <param name="connection">The connection, in a transaction that only reads; it is closed with this.</param>
/// <param name="name">The name in messages.</param>
/// <param name="engine">The engine and its version, for people.</param>
/// <param name="version">The version of the tables; 0 when there are none yet.</param>
/// <param name="newest">The version that this program works with.</param>
internal abstract class StoreView(DbConnection connection, string name, string engine, int version, int newest) : IAsyncDisposable
{
    /// <summary>How many rows a mistake names; the others are counted.</summary>
    private const int MaxNamed = 5;

    /// <summary>The name in messages: a file, or a database and its server.</summary>
    internal string Name => name;

    /// <summary>The engine and its version, for people: <c>SQLite 3.40.1</c>.</summary>
    internal string Engine => engine;

    /// <summary>The version of the tables; 0 when there are none yet.</summary>
    internal int Version => version;

    /// <summary>The version that this program works with.</summary>
    internal int Newest => newest;

    /// <summary>The connection, for the engine's part.</summary>
    private protected DbConnection Connection => connection;

    /// <summary>Counts the rows of all tables that a farm stores in.</summary>
    /// <exception cref="StoreException">A table can't be read.</exception>
    internal Task<IReadOnlyList<(string Table, long Rows)>> CountAsync() => TryAsync<IReadOnlyList<(string, long)>>(async () =>
    {
        var counts = new List<(string, long)>();
        foreach (var table in await ReadTablesAsync())
            counts.Add((table, await connection.ExecuteScalarAsync<long>($"SELECT count(*) FROM \"{table}\"", commandTimeout: 0)));
        return counts;
    });

    /// <summary>Returns a sentence for each thing that is not as it has to be; none when the store is well.</summary>
    /// <exception cref="StoreException">The store can't be reached any more.</exception>
    internal Task<IReadOnlyList<string>> FindMistakesAsync() => TryAsync<IReadOnlyList<string>>(async () =>
    {
        var mistakes = new List<string>();
        if (version > newest)
            mistakes.Add($"it has the schema {version}, of a newer program; this one knows those up to {newest}");
        if (version == 0)
            return mistakes;
        mistakes.AddRange(await FindDamageAsync());
        if (mistakes.Count > 0)
            return mistakes; // what is damaged has no contents that could be trusted
        foreach (var (rule, broken) in StoreRules.All)
        {
            var names = (await connection.QueryAsync<string>(broken, commandTimeout: 0)).ToList();
            if (names.Count > 0)
            {
                var more = names.Count > MaxNamed ? $" and {names.Count - MaxNamed} more" : "";
                mistakes.Add($"{rule}: {string.Join(", ", names.Take(MaxNamed))}{more}");
            }
        }

        return mistakes;
    });

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    /// <summary>Returns the names of the tables that a farm stores in, in their order.</summary>
    private protected abstract Task<IReadOnlyList<string>> ReadTablesAsync();

    /// <summary>Has the engine look for damage, and for rows that break the rules of the tables.</summary>
    private protected abstract Task<IReadOnlyList<string>> FindDamageAsync();

    /// <summary>Says in a sentence what an engine says in a code; returns what is not of the engine as it is.</summary>
    private protected abstract Exception Translate(Exception exception);

    private async Task<T> TryAsync<T>(Func<Task<T>> look)
    {
        try
        {
            return await look();
        }
        catch (DbException exception)
        {
            throw Translate(exception);
        }
    }
}

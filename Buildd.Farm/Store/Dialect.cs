namespace Buildd.Farm.Store;

/// <summary>
/// The parts of SQL in which engines differ. An engine is added with a dialect and its migrations; columns stay as they are.
/// <c>ON CONFLICT</c>, <c>RETURNING</c> and <c>LIMIT</c> are written as SQLite and PostgreSQL both have them.
/// </summary>
internal abstract class Dialect
{
    /// <summary>The folder of its migrations, see <see cref="Migration.Read(string)"/>.</summary>
    internal abstract string Name { get; }

    /// <summary>The most parameters of one statement.</summary>
    internal abstract int MaxParameters { get; }

    /// <summary>
    /// Whether the engine works on its caller's thread, where asynchronous calls wait for nothing and only cost their making.
    /// </summary>
    internal virtual bool IsInProcess => false;

    /// <summary>
    /// Whether <c>unnest</c> makes rows of arrays: many records are then written by one statement. Otherwise a prepared statement runs for
    /// each, which is better only where nothing lies between the program and the engine.
    /// </summary>
    internal virtual bool HasArrays => false;

    /// <summary>Writes a name of a table or column so that it can't be taken for a word of the language.</summary>
    internal abstract string Quote(string name);

    /// <summary>Writes the place of a parameter in a statement.</summary>
    internal abstract string Parameter(string name);

    /// <summary>Returns the type that migrations give a column.</summary>
    internal abstract string TypeName(ColumnType type);

    /// <summary>
    /// Writes a table of a SELECT that goes through one of its indexes, which has to fit the conditions. An engine that keeps statistics
    /// by itself finds it without being told.
    /// </summary>
    internal virtual string By(string table, string index) => Quote(table);

    /// <summary>Returns an INSERT that does nothing when there is a row with the same key.</summary>
    /// <param name="insert">An INSERT.</param>
    /// <param name="key">The names of the key's columns.</param>
    internal virtual string UnlessThere(string insert, IReadOnlyList<string> key) => $"{insert} ON CONFLICT ({Names(key)}) DO NOTHING";

    /// <summary>Returns an INSERT that changes columns of the row with the same key, if there is one.</summary>
    /// <param name="insert">An INSERT.</param>
    /// <param name="key">The names of the key's columns.</param>
    /// <param name="changed">The names of the columns that get the new values.</param>
    internal virtual string OrUpdate(string insert, IReadOnlyList<string> key, IEnumerable<string> changed) =>
        $"{insert} ON CONFLICT ({Names(key)}) DO UPDATE SET "
        + string.Join(", ", changed.Select(name => $"{Quote(name)} = excluded.{Quote(name)}"));

    /// <summary>Returns what <c>IN</c> is followed by, for a list of numbers that is one parameter.</summary>
    /// <param name="parameter">The parameter's place.</param>
    internal abstract string List(string parameter);

    /// <summary>Returns the value of that parameter.</summary>
    internal abstract object ListValue(IReadOnlyCollection<long> numbers);

    /// <summary>Returns names with commas between them.</summary>
    internal string Names(IEnumerable<string> names) => string.Join(", ", names.Select(Quote));
}

using Dapper;
using Npgsql;

namespace Buildd.Farm.Store.Postgresql;

/// <summary>What a database of PostgreSQL says of its tables: nobody has to keep lists of them.</summary>
internal static class PostgresCatalog
{
    /// <summary>The tables of the current schema that a farm stores in, each after those that its rows refer to, else by name.</summary>
    /// <exception cref="InvalidOperationException">Tables refer to each other in a circle.</exception>
    internal static async Task<IReadOnlyList<string>> ReadTablesAsync(NpgsqlConnection connection)
    {
        var left = (await connection.QueryAsync<string>(
            $"SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() AND tablename <> '{PostgresSchema.VersionTable}' "
                + "ORDER BY tablename COLLATE \"C\"")).ToList();
        var keys = (await connection.QueryAsync<(string From, string To)>(
            """
            SELECT child.relname::text, parent.relname::text
              FROM pg_constraint key JOIN pg_class child ON child.oid = key.conrelid JOIN pg_class parent ON parent.oid = key.confrelid
             WHERE key.contype = 'f' AND key.conrelid <> key.confrelid AND child.relnamespace = current_schema()::regnamespace
            """)).ToList();
        var sorted = new List<string>();
        while (left.Count > 0)
        {
            var next = left.Find(table => !keys.Exists(key => key.From == table && left.Contains(key.To)))
                ?? throw new InvalidOperationException($"The tables {string.Join(", ", left)} refer to each other in a circle.");
            left.Remove(next);
            sorted.Add(next);
        }

        return sorted;
    }

    /// <summary>The columns of a table that are stored, and their types, in their order.</summary>
    internal static async Task<IReadOnlyList<(string Name, string Type)>> ReadColumnsAsync(NpgsqlConnection connection, string table) =>
    [
        .. await connection.QueryAsync<(string, string)>(
            "SELECT column_name::text, data_type::text FROM information_schema.columns WHERE table_schema = current_schema() "
                + "AND table_name = @table AND is_generated = 'NEVER' ORDER BY ordinal_position",
            new { table }),
    ];

    /// <summary>The columns of a table's primary key, with commas between them; all columns where it has none.</summary>
    internal static async Task<string> ReadKeyAsync(NpgsqlConnection connection, string table) =>
        await connection.ExecuteScalarAsync<string>(
            "SELECT string_agg(quote_ident(attname), ', ') FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey) "
                + "WHERE indisprimary AND indrelid = quote_ident(@table)::regclass",
            new { table }) ?? "*";

    /// <summary>The columns that count up by themselves, and the sequence of each.</summary>
    internal static async Task<IReadOnlyList<(string Table, string Column, string Sequence)>> ReadSequencesAsync(
        NpgsqlConnection connection) =>
    [
        .. await connection.QueryAsync<(string, string, string)>(
            """
            SELECT of.relname::text, pg_attribute.attname::text, sequence.oid::regclass::text
              FROM pg_depend JOIN pg_class sequence ON sequence.oid = objid AND sequence.relkind = 'S' JOIN pg_class of ON of.oid = refobjid
                   JOIN pg_attribute ON attrelid = of.oid AND attnum = refobjsubid
             WHERE classid = 'pg_class'::regclass AND deptype IN ('a', 'i') AND of.relnamespace = current_schema()::regnamespace
             ORDER BY 1, 2
            """),
    ];

    /// <summary>The unique indexes: the table, the columns with commas between them, and which rows are in it.</summary>
    internal static async Task<IReadOnlyList<(string Index, string Table, string Columns, string Rows)>> ReadUniqueIndexesAsync(
        NpgsqlConnection connection) =>
    [
        .. await connection.QueryAsync<(string, string, string, string)>(
            """
            SELECT index.relname::text, quote_ident(table_.relname), string_agg(pg_get_indexdef(i.indexrelid, k, true), ', ' ORDER BY k),
                   coalesce(pg_get_expr(i.indpred, i.indrelid), 'true')
                     || string_agg(' AND ' || pg_get_indexdef(i.indexrelid, k, true) || ' IS NOT NULL', '' ORDER BY k)
              FROM pg_index i JOIN pg_class index ON index.oid = i.indexrelid JOIN pg_class table_ ON table_.oid = i.indrelid,
                   generate_series(1, i.indnkeyatts) k
             WHERE i.indisunique AND table_.relnamespace = current_schema()::regnamespace
             GROUP BY 1, 2, i.indpred, i.indrelid
             ORDER BY 1
            """),
    ];

    /// <summary>The foreign keys: a SELECT of the number of rows that refer to one which is not there, and their name.</summary>
    internal static async Task<IReadOnlyList<(string Key, string Broken)>> ReadForeignKeysAsync(NpgsqlConnection connection) =>
    [
        .. await connection.QueryAsync<(string, string)>(
            """
            SELECT key.conname::text,
                   'SELECT count(*) FROM ' || key.conrelid::regclass || ' c WHERE '
                     || string_agg('c.' || quote_ident(c.attname) || ' IS NOT NULL', ' AND ')
                     || ' AND NOT EXISTS (SELECT FROM ' || key.confrelid::regclass || ' p WHERE '
                     || string_agg('p.' || quote_ident(p.attname) || ' = c.' || quote_ident(c.attname), ' AND ') || ')'
              FROM pg_constraint key, generate_subscripts(key.conkey, 1) k, pg_attribute c, pg_attribute p
             WHERE key.contype = 'f' AND key.connamespace = current_schema()::regnamespace
               AND c.attrelid = key.conrelid AND c.attnum = key.conkey[k] AND p.attrelid = key.confrelid AND p.attnum = key.confkey[k]
             GROUP BY key.conname, key.conrelid, key.confrelid
             ORDER BY 1
            """),
    ];
}

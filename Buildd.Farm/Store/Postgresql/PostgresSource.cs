using System.Data.Common;
using Npgsql;

namespace Buildd.Farm.Store.Postgresql;

/// <summary>The connections of one program to a database.</summary>
/// <param name="DataSource">Makes them, and keeps those that are idle.</param>
/// <param name="Name">The database and its server, for messages.</param>
internal sealed record PostgresSource(NpgsqlDataSource DataSource, string Name)
{
    /// <summary>How many reads run at a time; the others wait for one of them.</summary>
    internal const int MaxReaders = 8;

    /// <summary>All connections that a program has at a time: those that read, the one that writes, and the one that listens.</summary>
    internal const int MaxConnections = MaxReaders + 2;

    /// <summary>Seconds for making a connection, to each host, unless the configuration has <c>Timeout</c>.</summary>
    private const int ConnectSeconds = 5;

    /// <summary>
    /// Seconds after which whoever only waits asks the server for a sign of life: a server that lost its power says no goodbye.
    /// </summary>
    private const int KeepAliveSeconds = 10;

    /// <summary>
    /// What the server is told of each connection: to end the transaction of a program that has gone without a goodbye, for others wait
    /// for its lock. Ours never pause for more than moments.
    /// </summary>
    private const string SessionOptions =
        "-c idle_in_transaction_session_timeout=30s -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3";

    /// <summary>Makes one, without connecting.</summary>
    /// <param name="connectionString">Npgsql's: <c>Host=…;Database=…;Username=…</c>, and what else there is.</param>
    internal static PostgresSource Create(string connectionString)
    {
        var given = new DbConnectionStringBuilder { ConnectionString = connectionString };
        var words = new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = given.ContainsKey("Application Name") ? (string)given["Application Name"] : "buildd-farm",
            MaxPoolSize = MaxConnections,
            TcpKeepAlive = true,
        };
        words.Options = words.Options is { Length: > 0 } more ? $"{SessionOptions} {more}" : SessionOptions;
        if (!given.ContainsKey("Timeout"))
            words.Timeout = ConnectSeconds;
        if (!given.ContainsKey("Keepalive"))
            words.KeepAlive = KeepAliveSeconds;
        var name = $"{words.Database ?? words.Username} at {words.Host}";
        if (words.Host?.Contains(',', StringComparison.Ordinal) != true)
            return new PostgresSource(NpgsqlDataSource.Create(words), name);
        // Of several servers one takes writes. A replica would let us read what is a moment old, and refuse what we decide by it.
        var wanted = given.ContainsKey("Target Session Attributes")
            ? Enum.Parse<TargetSessionAttributes>(words.TargetSessionAttributes!.Replace("-", "", StringComparison.Ordinal), true)
            : TargetSessionAttributes.ReadWrite;
        words.TargetSessionAttributes = null;
        if (!given.ContainsKey("Host Recheck Seconds"))
            words.HostRecheckSeconds = 1;
        return new PostgresSource(
            new NpgsqlDataSourceBuilder(words.ConnectionString).BuildMultiHost().WithTargetSession(wanted), name);
    }
}

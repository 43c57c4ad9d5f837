using System.Data.Common;
using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;

namespace Buildd.Farm.Store.Postgresql;

/// <summary>Says in a sentence what PostgreSQL says in a code: appendix A of its manual.</summary>
internal static class PostgresErrors
{
    /// <summary>How the codes of lost connections begin.</summary>
    private const string ConnectionClass = "08";

    /// <summary>The code of a transaction that paused for too long, which Npgsql has no name for.</summary>
    private const string IdleTimeout = "25P03";

    /// <summary>Whether the server or the way to it caused an exception; all else is of the program.</summary>
    internal static bool IsOfServer(Exception exception) =>
        exception is DbException or SocketException or TimeoutException or IOException or AuthenticationException;

    /// <summary>Whether it may be that a server has gone, and with it what it was just told.</summary>
    internal static bool IsConnectionLost(Exception exception) => exception is PostgresException server
        ? server.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow
            or IdleTimeout || server.SqlState.StartsWith(ConnectionClass, StringComparison.Ordinal)
        : IsOfServer(exception);

    internal static StoreException Translate(string name, Exception exception) => exception switch
    {
        PostgresException server => Translate(name, server),
        SocketException => Unreachable(name, exception, exception),
        NpgsqlException { InnerException: SocketException socket } => Unreachable(name, socket, exception),
        NpgsqlException { InnerException: AggregateException all } => Unreachable(name, all.InnerExceptions[0], exception),
        TimeoutException or NpgsqlException { InnerException: TimeoutException } => new(
            $"The farm's store {name} did not answer in time. It is tried again.", true, exception),
        AuthenticationException or NpgsqlException { InnerException: AuthenticationException } => new(
            $"The server of the farm's store {name} can't be trusted: {(exception.InnerException ?? exception).Message} See 'SSL Mode' and "
                + "'Root Certificate' in Store.",
            false, exception),
        _ => new($"The connection to the farm's store {name} was lost: {exception.Message.TrimEnd('.')}. It is tried again.", true,
            exception),
    };

    /// <summary>What is said when nobody can tell what became of a write.</summary>
    internal static StoreException Uncertain(string name, Exception exception) => new(
        $"The connection to the farm's store {name} was lost in the moment of storing, and the server has not come back: it may have "
            + "been stored or not. Look before you do the same again.",
        true, exception);

    private static StoreException Unreachable(string name, Exception cause, Exception exception) => new(
        $"The farm's store {name} can't be reached: {cause.Message.TrimEnd('.')}. Nothing was changed; it is tried again.",
        true, exception);

    private static StoreException Translate(string name, PostgresException server) => server.SqlState switch
    {
        PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow => new(
            $"The server of the farm's store {name} is starting or stopping ({server.MessageText}). It is tried again.", true, server),
        PostgresErrorCodes.TooManyConnections => new(
            $"The server of the farm's store {name} takes no more connections: raise max_connections. A program of the farm has at most "
                + $"{PostgresSource.MaxConnections}. It is tried again.",
            true, server),
        // The second is what a replica says to whoever asks for the number of a transaction.
        PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.ObjectNotInPrerequisiteState => new(
            $"The farm's store {name} is read-only: it is a replica, or being moved ({server.MessageText}). Nothing was changed; it is "
                + "tried again.",
            true, server),
        PostgresErrorCodes.DiskFull => new(
            $"The disk of the farm's store {name} is full. Nothing was changed; make room. It is tried again.", true, server),
        PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.LockNotAvailable
            or PostgresErrorCodes.QueryCanceled or IdleTimeout => new(
            $"The farm's store {name} was kept busy by another program ({server.MessageText}). Nothing was changed; it is tried again.",
            true, server),
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => new(
            $"The server of the farm's store {name} does not let this account in: {server.MessageText}. See Store and Store-Password-File "
                + "in buildd.conf, and pg_hba.conf on the server.",
            false, server),
        PostgresErrorCodes.InvalidCatalogName => new(
            $"There is no database for the farm's store {name}: make it with 'createdb', owned by the farm's account.", false, server),
        PostgresErrorCodes.InsufficientPrivilege => new(
            $"The farm's account may not do this in the store {name}: {server.MessageText}. It has to own its tables.", false, server),
        PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted => new(
            $"The farm's store {name} is damaged ({server.MessageText}). Nothing was changed; restore a backup, or go to a replica.",
            false, server),
        _ => new($"The farm's store {name} could not do what was asked: {server.MessageText} ({server.SqlState})", false, server),
    };
}

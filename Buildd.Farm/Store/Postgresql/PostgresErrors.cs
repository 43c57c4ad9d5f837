using System.Data.Common;
using System.Net.Sockets;
using Npgsql;

namespace Buildd.Farm.Store.Postgresql;

/// <summary>Says in a sentence what PostgreSQL says in a code: appendix A of its manual.</summary>
internal static class PostgresErrors
{
    /// <summary>Whether it may be that a server has gone, and with it what it was just told.</summary>
    internal static bool IsConnectionLost(DbException exception) => exception is not PostgresException server
        || server.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown;

    internal static StoreException Translate(string name, DbException exception) => exception switch
    {
        PostgresException server => Translate(name, server),
        NpgsqlException { InnerException: SocketException socket } => new(
            $"The farm's store {name} can't be reached: {socket.Message}. Nothing was changed; it is tried again.", true, exception),
        NpgsqlException { InnerException: TimeoutException } => new(
            $"The farm's store {name} did not answer in time. It is tried again.", true, exception),
        _ => new($"The connection to the farm's store {name} was lost: {exception.Message}. It is tried again.", true, exception),
    };

    private static StoreException Translate(string name, PostgresException server) => server.SqlState switch
    {
        PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow => new(
            $"The server of the farm's store {name} is starting or stopping ({server.MessageText}). It is tried again.", true, server),
        PostgresErrorCodes.TooManyConnections => new(
            $"The server of the farm's store {name} takes no more connections: raise max_connections, or lower 'Maximum Pool Size' of this "
                + "store. It is tried again.",
            true, server),
        PostgresErrorCodes.ReadOnlySqlTransaction => new(
            $"The farm's store {name} is read-only: it is a replica, or being moved. Nothing was changed; it is tried again.",
            true, server),
        PostgresErrorCodes.DiskFull => new(
            $"The disk of the farm's store {name} is full. Nothing was changed; make room. It is tried again.", true, server),
        PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.LockNotAvailable => new(
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
        _ => new($"The farm's store {name} could not do what was asked: {server.MessageText} ({server.SqlState})", false, server),
    };
}

using Microsoft.Data.Sqlite;

namespace Buildd.Farm.Store.Sqlite;

/// <summary>Says in a sentence what SQLite says in a number. The numbers: sqlite.org/rescode.html.</summary>
internal static class SqliteErrors
{
    private const int Permission = 3;
    private const int Busy = 5;
    private const int Locked = 6;
    private const int ReadOnly = 8;
    private const int InputOutput = 10;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int Authorization = 23;
    private const int NoDatabase = 26;

    internal static bool IsBusy(SqliteException exception) => exception.SqliteErrorCode is Busy or Locked;

    internal static bool IsDamage(SqliteException exception) => exception.SqliteErrorCode is Corrupt or NoDatabase;

    internal static StoreException Translate(string path, SqliteException exception) => exception.SqliteErrorCode switch
    {
        Busy or Locked => new(
            $"The farm's store {path} was kept busy by another process for too long. Nothing was changed; try again, or look for what "
                + $"holds it with 'fuser {path}'.",
            isTransient: true, exception),
        ReadOnly or Permission or Authorization => new(
            $"The farm's store {path} can't be written: it, its folder or their file system is read-only, or belongs to another account.",
            false, exception),
        CannotOpen => new(
            $"The farm's store {path} can't be opened: its folder is missing, read-only, full, or belongs to another account.", false,
            exception),
        Full => new($"The disk of the farm's store {path} is full. Nothing was changed; make room, then try again.", false, exception),
        InputOutput => new(
            $"The disk of the farm's store {path} failed to read or write (SQLite's code {exception.SqliteExtendedErrorCode}). Nothing "
                + "was changed; see the kernel's log, and whether the disk is full.",
            false, exception),
        Corrupt or NoDatabase => new(
            $"The farm's store {path} is damaged, or is no store ({exception.Message}). Nothing was changed; put a copy of it from a "
                + $"backup in its place, or save what 'sqlite3 {path} .recover' finds.",
            false, exception),
        _ => new($"The farm's store {path} could not do what was asked: {exception.Message}", false, exception),
    };
}

using System.Runtime.InteropServices;
using SQLitePCL;

namespace Buildd.Farm.Store.Sqlite;

/// <summary>Binds the wrapper to Debian's own SQLite: security updates of it then reach us without a build of ours.</summary>
internal static class SqliteLibrary
{
    /// <summary>The name by which the wrapper loads the engine. A file of that name is in Debian's package for compilers only.</summary>
    private const string WrapperName = "sqlite3";

    /// <summary>The engine's name since 2004, in Debian's package libsqlite3-0.</summary>
    private const string Library = "libsqlite3.so.0";

    /// <summary>3.37 brought strict tables, the newest thing that the schema needs; Debian 12 has 3.40.</summary>
    private static readonly Version Oldest = new(3, 37);

    private static readonly Lazy<string?> Problem = new(Load);

    /// <summary>Has the engine loaded. Any thread may call, again and again.</summary>
    /// <exception cref="StoreException">It isn't there, or is too old.</exception>
    internal static void Require()
    {
        if (Problem.Value is { } problem)
            throw new StoreException(problem);
    }

    private static string? Load()
    {
        if (!NativeLibrary.TryLoad(Library, out _))
            return $"The farm's store needs {Library}, which can't be loaded: install the package libsqlite3-0.";
        NativeLibrary.SetDllImportResolver(
            typeof(SQLite3Provider_sqlite3).Assembly,
            (name, _, _) => name == WrapperName ? NativeLibrary.Load(Library) : 0);
        raw.SetProvider(new SQLite3Provider_sqlite3());
        var version = raw.sqlite3_libversion().utf8_to_string();
        return Version.Parse(version) < Oldest
            ? $"The farm's store needs SQLite {Oldest} or newer, and {Library} is {version}: upgrade the package libsqlite3-0."
            : null;
    }
}

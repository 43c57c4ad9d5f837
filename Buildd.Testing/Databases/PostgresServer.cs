using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;
using Buildd.Testing.Runs;

namespace Buildd.Testing.Databases;

/// <summary>A server of PostgreSQL of the tests' own, in a folder that goes with it. Any thread may use it.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private static readonly string StartScript = Scripts.Text(typeof(PostgresServer), "Databases/start-postgres.sh");

    private readonly RunningProgram _program;
    private readonly string _folder;
    private int _schemas;

    private PostgresServer(RunningProgram program, string folder)
    {
        _program = program;
        _folder = folder;
    }

    /// <summary>Npgsql's words for the database that is there.</summary>
    public string ConnectionString => $"Host={_folder};Username=farm;Database=postgres";

    /// <summary>Makes and starts one; it is ready when this returns.</summary>
    public static async Task<PostgresServer> StartAsync()
    {
        Machine.Require(
            Directory.Exists("/usr/lib/postgresql"), "PostgreSQL's server, of the package postgresql: run 'make test', which installs it");
        // The server is another user than root, and passes through.
        var folder = Directory.CreateTempSubdirectory("buildd-postgres-").FullName;
        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        var program = await RunningProgram.StartAsync(
            Command.Of("/bin/sh", "-c", StartScript, "sh", folder), "database system is ready to accept connections");
        return new PostgresServer(program, folder);
    }

    /// <summary>The name of a schema that nobody has yet.</summary>
    public string NewSchemaName() => $"t{Interlocked.Increment(ref _schemas)}";

    /// <summary>Ends it, and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await _program.SignalAsync("INT");
        await _program.EndAsync();
        await _program.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}

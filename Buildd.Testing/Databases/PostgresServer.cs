using System.Globalization;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;
using Buildd.Testing.Runs;

namespace Buildd.Testing.Databases;

/// <summary>A server of PostgreSQL of the tests' own, in a folder that goes with it. Any thread may use it, one may stop it.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Ready = "database system is ready to accept ";

    private static readonly string StartScript = Scripts.Text(typeof(PostgresServer), "Databases/start-postgres.sh");

    private readonly PostgresServerOptions _options;
    private readonly string _folder;
    private RunningProgram _program;
    private int _schemas;

    private PostgresServer(PostgresServerOptions options, RunningProgram program, string folder)
    {
        _options = options;
        _program = program;
        _folder = folder;
    }

    /// <summary>Npgsql's words for the database that is there.</summary>
    public string ConnectionString => $"Host={_folder};Username=farm;Database=postgres";

    /// <summary>The folder with its socket, which is a host in Npgsql's words.</summary>
    public string Folder => _folder;

    /// <summary>What it has said.</summary>
    public string Output => _program.Output;

    /// <summary>Makes and starts one; it is ready when this returns.</summary>
    /// <param name="options">How it is; null for one that loses what it has in a crash, and is quick.</param>
    public static async Task<PostgresServer> StartAsync(PostgresServerOptions? options = null)
    {
        Machine.Require(
            Directory.Exists("/usr/lib/postgresql"), "PostgreSQL's server, of the package postgresql: run 'make test', which installs it");
        options ??= new PostgresServerOptions();
        // The server is another user than root, and passes through.
        var folder = Directory.CreateTempSubdirectory("buildd-postgres-").FullName;
        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        try
        {
            return new PostgresServer(options, await RunAsync(options, folder), folder);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    /// <summary>The name of a schema that nobody has yet.</summary>
    public string NewSchemaName() => $"t{Interlocked.Increment(ref _schemas)}";

    /// <summary>Ends the server, and leaves its folder.</summary>
    /// <param name="signal">INT ends all connections, QUIT ends all processes as in a crash, KILL ends the first process alone.</param>
    public async Task StopAsync(string signal = "INT")
    {
        await _program.SignalAsync(signal);
        await _program.EndAsync();
        await _program.DisposeAsync();
    }

    /// <summary>Starts it again. Processes of a server that was killed may be ending still: it is tried until they have.</summary>
    public Task StartAgainAsync() => Until.TrueAsync(async () =>
    {
        try
        {
            _program = await RunAsync(_options, _folder);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    });

    /// <summary>Has a replica take over.</summary>
    public async Task PromoteAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_options.DataFolder ?? _folder, "data", "promote"), "");
        await _program.SignalAsync("USR1");
        await _program.SaysAsync("archive recovery complete");
    }

    /// <summary>Ends it, and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_program.Ended.IsCompleted)
            await StopAsync();
        await Until.TrueAsync(() => TryDelete(_folder)); // processes of one that was killed may be writing still
    }

    private static bool TryDelete(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static Task<RunningProgram> RunAsync(PostgresServerOptions options, string folder) => RunningProgram.StartAsync(
        Command.Of(
            "/bin/sh",
            [
                "-c", StartScript, "sh", folder, Path.Combine(options.DataFolder ?? folder, "data"), options.Primary?.Folder ?? "primary",
                string.Create(CultureInfo.InvariantCulture, $"max_connections={options.MaxConnections}"),
                .. options.IsDurable ? (string[])[] : ["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
                .. options.Settings,
            ]),
        Ready);
}

/// <summary>How a server of the tests is.</summary>
public sealed record PostgresServerOptions
{
    /// <summary>Whether a commit is on the disk; by default nothing is flushed, as nobody but tests has what is in it.</summary>
    public bool IsDurable { get; init; }

    /// <summary>The most connections.</summary>
    public int MaxConnections { get; init; } = 500;

    /// <summary>The folder in which the cluster is made, such as a small file system; null for the server's own.</summary>
    public string? DataFolder { get; init; }

    /// <summary>The server that it is a replica of; null for none.</summary>
    public PostgresServer? Primary { get; init; }

    /// <summary>Further settings, such as <c>log_statement=all</c>.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];
}

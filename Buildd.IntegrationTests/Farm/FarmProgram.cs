using System.Security.Cryptography;
using System.Text;
using Buildd.Daemon.Security;
using Buildd.Farm.Store;
using Buildd.Farm.Store.Postgresql;
using Buildd.Farm.Store.Sqlite;
using Buildd.IntegrationTests.Wire;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Farm;

/// <summary><c>buildd-farm</c> as its users have it: processes on one store, and slaves that pretend to build.</summary>
internal sealed class FarmProgram : IAsyncDisposable
{
    /// <summary>What <c>run</c> says when it is ready.</summary>
    internal const string Ready = "buildd-farm ready: ";

    private readonly TemporaryDirectory _folder = new();
    private readonly List<SlaveInProcess> _slaves = [];
    private readonly List<RunningProgram> _runs = [];

    /// <param name="more">What else stands in the configuration.</param>
    /// <param name="times">How often it does what it does again and again.</param>
    /// <param name="state">The folder of the store and, unless told otherwise, of all else.</param>
    /// <param name="database">Npgsql's words for the store; null for a file of SQLite.</param>
    internal FarmProgram(
        string more = "", string times = "Poll-Interval: 0.2\nFast-Poll-Interval: 0.1\nRefresh-Interval: 0.3\nLease-Duration: 2\n",
        string state = "state", string? database = null)
    {
        Database = database;
        if (database is not null)
            more += $"Store: postgresql {database}\n";
        StorePath = Path.Combine(_folder[state], "farm.sqlite");
        File.WriteAllText(
            _folder["buildd.conf"],
            $"State: {state}\nListen: 127.0.0.1:0\nSeries: bookworm\n{times}{more}");
    }

    /// <summary>The folder of everything.</summary>
    internal string Folder => _folder.Path;

    internal string this[string name] => _folder[name];

    internal string StorePath { get; }

    /// <summary>Npgsql's words for the store; null for a file of SQLite.</summary>
    internal string? Database { get; }

    /// <summary>Where the upload of a build is kept when it was accepted.</summary>
    internal string Accepted(long id) => _folder[$"state/archive/debian/bookworm/PACKAGEBUILD-{id}"];

    /// <summary>A command line of it.</summary>
    internal Command Command(params string[] arguments) =>
        Linux.Processes.Command.Of(Repository.Program("buildd-farm"), "--config", _folder["buildd.conf"]).With(arguments);

    /// <summary>Runs a command to its end.</summary>
    internal async Task<(int Code, string Output)> DoAsync(params string[] arguments)
    {
        var output = new StringBuilder();
        var result = await ProcessRunner.RunAsync(Command(arguments), bytes => output.Append(Encoding.UTF8.GetString(bytes)));
        return (result.ExitCode, output.ToString());
    }

    /// <summary>Starts <c>run</c>, and returns when it is ready.</summary>
    internal async Task<RunningProgram> StartAsync()
    {
        var run = Launch();
        await run.SaysAsync(Ready);
        return run;
    }

    /// <summary>Starts <c>run</c> as a test wants it.</summary>
    internal RunningProgram Launch(Func<Command, Command>? change = null)
    {
        var command = Command("run") with { StopGrace = TimeSpan.FromSeconds(30) };
        var run = RunningProgram.Start(change?.Invoke(command) ?? command);
        _runs.Add(run);
        return run;
    }

    /// <summary>Starts a slave whose builds of packages are a script, and makes it a builder.</summary>
    internal async Task<SlaveInProcess> AddSlaveAsync(
        string name, Action<ScriptedBackend> script, SecurityOptions? security = null, params string[] options)
    {
        var slave = await SlaveInProcess.StartAsync(security ?? new SecurityOptions());
        _slaves.Add(slave);
        script(slave.Backend("binarypackage"));
        var (code, output) = await DoAsync(["builders", "add", name, slave.Url.AbsoluteUri, "-p", "amd64", .. options]);
        return code == 0 ? slave : throw new InvalidOperationException(output);
    }

    /// <summary>Adds what stands for a chroot, and a source package beside the configuration; returns its description.</summary>
    /// <param name="change">How the command that makes the farm's store is run; null for as others.</param>
    internal async Task<string> PrepareAsync(Func<Command, Command>? change = null)
    {
        await SmallChroot.WriteAsync(_folder["chroot.tar.gz"]);
        var add = Command("chroots", "add", "bookworm", "amd64", _folder["chroot.tar.gz"]);
        await ProcessRunner.CaptureAsync(change?.Invoke(add) ?? add);
        var tarball = "source"u8.ToArray();
        await File.WriteAllBytesAsync(_folder["hello_2.10-3.tar.gz"], tarball);
        var md5 = Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.MD5, tarball));
        await File.WriteAllTextAsync(
            _folder["hello_2.10-3.dsc"], "Format: 1.0\nSource: hello\nVersion: 2.10-3\nBinary: hello\nArchitecture: any\nFiles:\n "
                + $"{md5} {tarball.Length} hello_2.10-3.tar.gz\n");
        return _folder["hello_2.10-3.dsc"];
    }

    internal async Task<T> WithStoreAsync<T>(Func<FarmStore, Task<T>> work)
    {
        await using FarmStore store = Database is null ? await SqliteStore.OpenAsync(StorePath) : await PostgresStore.OpenAsync(Database);
        return await work(store);
    }

    /// <summary>Asserts that the store is well.</summary>
    internal async Task CheckStoreAsync()
    {
        var (code, output) = await DoAsync("store", "check");
        Assert.That(code, Is.Zero, output);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var run in _runs)
            await run.DisposeAsync();
        foreach (var slave in _slaves)
            await slave.DisposeAsync();
        _folder.Dispose();
    }
}

using Buildd.Cli.Commands;
using Buildd.Farm.Store.Sqlite;
using Buildd.Master.Builds;
using Buildd.Testing.Files;

namespace Buildd.UnitTests.Cli.Commands;

/// <summary>A farm in a folder of a test's own, and its command line.</summary>
internal sealed class FarmBench : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    internal FarmBench(string more = "") =>
        File.WriteAllText(ConfigurationPath, "State: state\nListen: 127.0.0.1:0\nSeries: bookworm\n" + more);

    internal string ConfigurationPath => _folder["buildd.conf"];

    internal string this[string name] => _folder[name];

    /// <summary>Replaces all of the configuration but the folder of the state.</summary>
    internal Task ConfigureAsync(string lines) => File.WriteAllTextAsync(ConfigurationPath, "State: state\n" + lines);

    /// <summary>Runs a command.</summary>
    internal async Task<Ran> RunAsync(params string[] arguments)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await FarmCommandLine.InvokeAsync(["--config", ConfigurationPath, .. arguments], output, error);
        return new Ran(code, output.ToString(), error.ToString());
    }

    /// <summary>Works on the store as another program would.</summary>
    internal async Task<T> WithStoreAsync<T>(Func<SqliteStore, Task<T>> work)
    {
        await using var store = await SqliteStore.OpenAsync(_folder["state/farm.sqlite"]);
        return await work(store);
    }

    /// <summary>Makes the store, with nothing in it.</summary>
    internal Task MakeStoreAsync() => WithStoreAsync(_ => Task.FromResult(true));

    /// <summary>Queues builds that nobody can build.</summary>
    internal Task<IReadOnlyList<Build>> QueueAsync(params string[] titles) => WithStoreAsync(store =>
        store.Builds.AddAsync(
            [.. titles.Select(title => new NewBuild { JobType = "PACKAGEBUILD", Title = title, Subject = title, Processor = "amd64" })]));

    public void Dispose() => _folder.Dispose();

    internal sealed record Ran(int Code, string Output, string Error)
    {
        public override string ToString() => $"{Code}\n{Output}\n{Error}";
    }
}

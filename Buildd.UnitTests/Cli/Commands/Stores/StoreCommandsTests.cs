using System.Text.Json;
using Buildd.Farm;
using Buildd.Farm.Store;
using Buildd.Farm.Store.Sqlite;
using Buildd.Master.Builders;
using Buildd.UnitTests.Farm.Store;
using Dapper;
using Microsoft.Data.Sqlite;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Commands.Stores;

/// <summary><c>store check</c>, <c>store migrate</c> and <c>store copy</c>: the codes, the words, and what is refused.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class StoreCommandsTests : IAsyncDisposable
{
    private static readonly int Newest = Migration.Read("sqlite").Count;

    private readonly FarmBench _farm = new();
    private readonly PostgresBench _database = new();

    public async ValueTask DisposeAsync()
    {
        _farm.Dispose();
        await _database.DisposeAsync();
    }

    [Test]
    public async Task A_check_says_what_there_is()
    {
        await _farm.QueueAsync("one", "two");

        var (code, output, error) = await _farm.RunAsync("store", "check");

        Assert.That((code, error), Is.EqualTo((FarmExitCode.Done, "")));
        Assert.That(output, Does.StartWith($"store: {_farm["state/farm.sqlite"]}\nengine: SQLite 3."));
        Assert.That(output, Does.Match($@"\nschema: {Newest}; this program has {Newest}\n").And.Match(@"\nbuild +2\n"));
        Assert.That(output, Does.EndWith("the store is well\n"));
    }

    [Test]
    public async Task A_check_ends_with_2_where_something_is_not_well([Values] bool json)
    {
        await _farm.QueueAsync("one", "two");
        await _farm.WithStoreAsync(store => store.WriteAsync(
            connection => connection.ExecuteAsync("UPDATE build SET state = 1 WHERE id = 2"), default));

        var (code, output, error) = await _farm.RunAsync(json ? ["store", "check", "--json"] : ["store", "check"]);

        Assert.That(code, Is.EqualTo(FarmExitCode.NotWell));
        if (!json)
        {
            Assert.That(error, Is.EqualTo("not well: builds are over, and in the queue: 2\n"));
            return;
        }

        var said = JsonDocument.Parse(output).RootElement;
        Assert.That(said.GetProperty("schema").GetInt32(), Is.EqualTo(Newest));
        Assert.That(said.GetProperty("rows").GetProperty("build").GetInt32(), Is.EqualTo(2));
        Assert.That(
            said.GetProperty("mistakes").EnumerateArray().Single().GetString(), Is.EqualTo("builds are over, and in the queue: 2"));
    }

    [Test]
    public async Task An_empty_database_is_made_by_migrate_and_not_by_check()
    {
        await NameDatabaseAsync();

        var before = await _farm.RunAsync("store", "check");
        var made = await _farm.RunAsync("store", "migrate");
        var again = await _farm.RunAsync("store", "migrate");
        var after = await _farm.RunAsync("store", "check");

        Assert.That(before.Output, Does.Contain("engine: PostgreSQL 1").And.Contain($"schema: none yet; this program makes "));
        Assert.That(made.Output, Does.Match(" was empty, and has the schema [0-9]+ now\n$"));
        Assert.That(again.Output, Does.Match(" has the schema [0-9]+ already\n$"));
        Assert.That(after.Output, Does.Match(@"\nbuild +0\n").And.EndWith("the store is well\n"));
        Assert.That((before.Code, made.Code, again.Code, after.Code), Is.EqualTo((0, 0, 0, 0)));
    }

    [Test]
    public async Task An_older_store_is_said_to_be_older_and_brought_up_to_date_on_purpose()
    {
        MakeOld();

        var before = await _farm.RunAsync("store", "check");
        var migrated = await _farm.RunAsync("store", "migrate", "--json");

        Assert.That(before.Output, Does.Contain($"\nschema: 1; this program brings it to {Newest}, as 'buildd-farm store migrate' does\n"));
        Assert.That(migrated.Code, Is.Zero, migrated.Error);
        var said = JsonDocument.Parse(migrated.Output).RootElement;
        Assert.That((said.GetProperty("from").GetInt32(), said.GetProperty("to").GetInt32()), Is.EqualTo((1, Newest)));
        Assert.That((await _farm.RunAsync("store", "check")).Code, Is.Zero);
    }

    [Test]
    public async Task A_copy_takes_all_and_says_what_to_do_next()
    {
        await _farm.QueueAsync("one", "two");
        await NameDatabaseAsync();

        var (code, output, error) = await _farm.RunAsync("store", "copy");

        Assert.That((code, error), Is.EqualTo((FarmExitCode.Done, "")));
        Assert.That(output, Does.Match(@"\nbuild +2\n").And.Contain("'buildd-farm store check'").And.Contain("start 'run' again"));
        Assert.That((await _farm.RunAsync("queue")).Output, Does.Contain("one").And.Contain("two"));
        Assert.That((await _farm.RunAsync("store", "check")).Code, Is.Zero);

        var again = await _farm.RunAsync("store", "copy");
        Assert.That((again.Code, again.Error), Is.EqualTo((FarmExitCode.Failed, again.Error)));
        Assert.That(again.Error, Does.StartWith("copy: The store ").And.Contain(" is not empty"));
    }

    [Test]
    public async Task A_copy_is_refused_while_a_run_lives_or_may_live([Values] bool hasFile)
    {
        var name = Runs.NewName();
        await _farm.WithStoreAsync(async store =>
        {
            await store.Builders.TryAddAsync(new Builder { Name = "bob", Url = new Uri("http://bob/") });
            if (!hasFile)
                await store.Builders.LeaseAsync("another-machine-7-" + new string('a', 32), TimeSpan.FromHours(1));
            return true;
        });
        using var living = hasFile ? new Runs(_farm["state/runs"]).Begin(name) : null;
        await NameDatabaseAsync();

        var (code, _, error) = await _farm.RunAsync("store", "copy");

        Assert.That((code, error), Is.EqualTo((FarmExitCode.Failed, error)));
        Assert.That(error, Does.Contain($"{_farm["state/farm.sqlite"]} is used by a 'run' (").And.Contain("stop it, then copy"));
    }

    [Test]
    public async Task A_copy_needs_a_source_and_a_database()
    {
        var noDatabase = await _farm.RunAsync("store", "copy");
        await NameDatabaseAsync();
        var noSource = await _farm.RunAsync("store", "copy", "--from", _farm["none.sqlite"]);

        Assert.That((noDatabase.Code, noSource.Code), Is.EqualTo((FarmExitCode.BadConfiguration, FarmExitCode.NotFound)));
        Assert.That(noDatabase.Error, Does.Contain("there is nothing to copy to"));
        Assert.That(noSource.Error, Does.Contain($"there is no store {_farm["none.sqlite"]}"));
    }

    [Test]
    public async Task A_server_that_is_not_there_is_said_soon()
    {
        await _farm.ConfigureAsync("Store: postgresql Host=127.0.0.1;Port=1;Database=farm;Username=farm\n");

        foreach (var command in (string[][])[["queue"], ["store", "check"], ["store", "migrate"], ["builders", "list"]])
        {
            var (code, output, error) = await _farm.RunAsync(command);
            Assert.That((code, output), Is.EqualTo((FarmExitCode.Busy, "")), error);
            Assert.That(error, Does.Contain("The farm's store farm at 127.0.0.1 can't be reached: "));
        }
    }

    private Task NameDatabaseAsync() => _farm.ConfigureAsync($"Store: postgresql {_database.ConnectionString}\n");

    /// <summary>Makes the store as the first program did.</summary>
    private void MakeOld()
    {
        SqliteLibrary.Require();
        Directory.CreateDirectory(_farm["state"]);
        using var connection = new SqliteConnection($"Data Source={_farm["state/farm.sqlite"]};Pooling=False");
        connection.Execute(Migration.Read("sqlite")[0].Sql);
        connection.Execute($"PRAGMA user_version = 1; PRAGMA application_id = {0x426C6464}; PRAGMA journal_mode = WAL");
    }
}

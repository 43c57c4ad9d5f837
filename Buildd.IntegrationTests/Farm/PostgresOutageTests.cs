using Buildd.Farm;
using Buildd.Farm.Store;
using Buildd.Farm.Store.Postgresql;
using Buildd.Master.Builds;
using Buildd.Master.Jobs.Packages;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;
using Buildd.Testing.Databases;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using Buildd.Testing.Programs;
using Buildd.Testing.Runs;
using Dapper;
using Npgsql;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Farm;

/// <summary>
/// The server of the store goes away while builds run, in every way that servers do: <c>run</c> says what it waits for, goes on when the
/// server is back, blames nobody, and has each build built once.
/// </summary>
[Parallelizable(ParallelScope.Self)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class PostgresOutageTests : IDisposable
{
    private const int Builds = 4;

    /// <summary>Room for the tables of a farm and of the server, and not for much more.</summary>
    private const int SmallBytes = 24 << 20;

    private readonly TemporaryDirectory _folder = new();
    private readonly List<string> _built = [];
    private readonly TaskCompletionSource _mayEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private int BuiltCount
    {
        get
        {
            lock (_built)
                return _built.Count;
        }
    }

    public void Dispose() => _folder.Dispose();

    [TestCase("INT", "is starting or stopping|can't be reached|was lost")]
    [TestCase("QUIT", "is starting or stopping|can't be reached|was lost")]
    [TestCase("KILL", "is starting or stopping|can't be reached|was lost")]
    public async Task A_server_is_stopped_and_started_again(string signal, string said)
    {
        await using var server = await PostgresServer.StartAsync(new PostgresServerOptions { IsDurable = true });
        await RunThroughAsync(server.ConnectionString, async run =>
        {
            await server.StopAsync(signal);
            await SaysAsync(run, said);
        }, server.StartAgainAsync, isUnreachable: true);
    }

    /// <param name="isSynchronous">Whether the replica has all that was said to be stored. If not, the last of it is lost.</param>
    [Test]
    public async Task A_replica_takes_over([Values] bool isSynchronous)
    {
        var options = new PostgresServerOptions { IsDurable = true, Settings = ["fsync=off"] };
        await using var first = await PostgresServer.StartAsync(options);
        await using var second = await PostgresServer.StartAsync(options with { Primary = first });
        if (isSynchronous)
        {
            await ExecuteAsync(first.ConnectionString, "ALTER SYSTEM SET synchronous_standby_names = '*'");
            await ExecuteAsync(first.ConnectionString, "SELECT pg_reload_conf()");
        }

        var database = $"Host={first.Folder},{second.Folder};Username=farm;Database=postgres";
        await RunThroughAsync(
            database,
            async run =>
            {
                if (!isSynchronous)
                    await LoseAsync(second, database);
                await first.StopAsync("QUIT");
                await SaysAsync(run, "can't be reached|was lost|is starting or stopping");
            },
            second.PromoteAsync,
            isUnreachable: true);
    }

    [Test]
    public async Task A_server_takes_no_writes_for_a_while()
    {
        await using var server = await PostgresServer.StartAsync();
        await RunThroughAsync(server.ConnectionString, async run =>
        {
            await ExecuteAsync(server.ConnectionString, "ALTER SYSTEM SET default_transaction_read_only = on");
            await ExecuteAsync(server.ConnectionString, "SELECT pg_reload_conf()");
            await SaysAsync(run, "is read-only");
        }, async () =>
        {
            await ExecuteAsync(server.ConnectionString, "ALTER SYSTEM RESET default_transaction_read_only");
            await ExecuteAsync(server.ConnectionString, "SELECT pg_reload_conf()");
        });
    }

    [Test]
    public async Task A_server_has_no_connections_left()
    {
        await using var server = await PostgresServer.StartAsync(new PostgresServerOptions { MaxConnections = 16 });
        using var end = new CancellationTokenSource();
        var others = Task.CompletedTask;
        await RunThroughAsync(server.ConnectionString, async run =>
        {
            others = Task.Run(() => TakeAllAsync(server.ConnectionString, end.Token));
            await SaysAsync(run, "takes no more connections: raise max_connections");
        }, async () =>
        {
            await end.CancelAsync();
            await others;
        });
    }

    [Test]
    public async Task A_servers_disk_is_full()
    {
        await using var disk = await SmallFileSystem.MountAsync(SmallBytes);
        await using var server = await PostgresServer.StartAsync();
        await Linux.Processes.ProcessRunner.CaptureAsync(Linux.Processes.Command.Of("chown", "postgres:", disk.Path));
        await ExecuteAsync(server.ConnectionString, $"CREATE TABLESPACE small LOCATION '{disk.Path}'");
        await ExecuteAsync(server.ConnectionString, "ALTER ROLE farm SET default_tablespace = small");
        await RunThroughAsync(server.ConnectionString, async run =>
        {
            disk.Fill("filler", SmallBytes);
            Assert.That(
                async () => await FillAsync(server.ConnectionString),
                Throws.TypeOf<StoreException>().With.Property("IsTransient").EqualTo(true)
                    .And.Message.Contains("The disk of the farm's store"));
        }, () =>
        {
            File.Delete(disk["filler"]);
            return Task.CompletedTask;
        });
    }

    /// <summary>Has builds run, the server go away and come back, and the builds end meanwhile.</summary>
    private async Task RunThroughAsync(
        string database, Func<RunningProgram, Task> breakAsync, Func<Task> mendAsync, bool isUnreachable = false)
    {
        await using var farm = new FarmProgram(database: database);
        await farm.PrepareAsync();
        var made = UploadLeaf.MakeGood(_folder["made"]).Path;
        foreach (var name in (string[])["bob", "eve"])
            await farm.AddSlaveAsync(name, backend => backend.Script = (context, abort) => BuildAsync(context, made, abort));
        await using var run = await farm.StartAsync();
        await farm.WithStoreAsync(QueueAsync);
        await Until.TrueAsync(() => BuiltCount == 2);

        await breakAsync(run);
        if (isUnreachable)
        {
            var (code, output) = await farm.DoAsync("queue");
            Assert.That(code, Is.EqualTo(FarmExitCode.Busy), output);
        }

        _mayEnd.SetResult(); // at the slaves: the master can't store it
        Assert.That(run.Ended.IsCompleted, Is.False, run.Output);
        await mendAsync();

        var ended = await farm.WithStoreAsync(store => Until.SeenAsync(
            async () => await store.Builds.ListAsync(new BuildFilter()),
            builds => builds.All(build => build is { Queue: null, State: not BuildState.Uploading })));
        Assert.That(await run.StopAsync(), Is.Zero, run.Output);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                ended.Select(build => (build.State, build.Failures)), Has.All.EqualTo((BuildState.FullyBuilt, 0)).And.Exactly(Builds).Items,
                run.Output);
            Assert.That(_built, Is.EquivalentTo(ended.Select(build => build.Cookie.ToString())), "each was built, and once");
            Assert.That(
                (await farm.WithStoreAsync(store => store.Builders.ListAsync())).Select(builder => (builder.InService, builder.Failures)),
                Has.All.EqualTo((true, 0)), run.Output);
        }

        await farm.CheckStoreAsync();
    }

    private async Task<BuildOutcome> BuildAsync(IBuildContext context, string made, CancellationToken abort)
    {
        lock (_built)
            _built.Add(context.Request.BuildId);
        context.Log.WriteLine("building hello");
        await _mayEnd.Task.WaitAsync(abort);
        foreach (var path in Directory.GetFiles(made))
        {
            File.Copy(path, Path.Combine(context.Directory, Path.GetFileName(path)));
            await context.AddResultAsync(Path.Combine(context.Directory, Path.GetFileName(path)), null, abort);
        }

        return new BuildOutcome(BuildStatus.Ok);
    }

    private static async Task<bool> QueueAsync(FarmStore store)
    {
        var chroot = (await store.Chroots.ListAsync(default)).Single();
        var wanted = new PackageSpecification
        {
            Source = "hello",
            Version = "2.10-3",
            Series = chroot.Series,
            ArchTag = chroot.ArchTag,
            Files = [new SourceFile("hello_2.10-3.dsc", chroot.Sha1)], // nobody looks into it
            Binaries = ["hello"],
        };
        await store.Builds.AddAsync([.. Enumerable.Repeat(wanted.ToNewBuild(), Builds)]);
        return true;
    }

    private static async Task SaysAsync(RunningProgram run, string oneOf) => await Until.SeenAsync(
        () => Task.FromResult(run.Output), output => oneOf.Split('|').Any(text => output.Contains(text, StringComparison.Ordinal)));

    private static async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection($"{database};Pooling=False");
        await connection.ExecuteAsync(sql);
    }

    /// <summary>Has changes of a build stored, and known to those who follow the queue, that the replica does not get.</summary>
    private static async Task LoseAsync(PostgresServer replica, string database)
    {
        await ExecuteAsync(replica.ConnectionString, "ALTER SYSTEM SET primary_conninfo = ''");
        await ExecuteAsync(replica.ConnectionString, "SELECT pg_reload_conf()");
        await using var store = await PostgresStore.OpenAsync(database);
        for (var score = 0; score < 5; score++)
        {
            var build = (await store.Builds.FindAsync(Builds))!;
            await store.Builds.TryReplaceAsync([build.Rescored(score)]);
        }
    }

    /// <summary>Writes until there is no room; what was written is removed again.</summary>
    private static async Task FillAsync(string database)
    {
        await using var store = await PostgresStore.OpenAsync(database);
        await store.WriteAsync(
            connection => connection.ExecuteAsync(
                "CREATE TABLE more AS SELECT repeat(i::text, 1000) AS text FROM generate_series(1, 100000) i; DROP TABLE more"), default);
    }

    /// <summary>Takes each connection that the server has, those of the farm too, until it is called off.</summary>
    private static async Task TakeAllAsync(string database, CancellationToken stop)
    {
        var taken = new List<NpgsqlConnection>();
        while (!stop.IsCancellationRequested)
        {
            var connection = new NpgsqlConnection($"{database};Pooling=False;Application Name=another");
            try
            {
                await connection.OpenAsync(CancellationToken.None);
                taken.Add(connection);
                await connection.ExecuteAsync(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'buildd-farm'");
            }
            catch (NpgsqlException)
            {
                await connection.DisposeAsync();
            }
        }

        foreach (var connection in taken)
            await connection.DisposeAsync();
    }
}

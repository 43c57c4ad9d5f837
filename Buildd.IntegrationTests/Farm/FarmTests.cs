using System.Text.Json;
using Buildd.Farm;
using Buildd.Linux.Processes;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;
using Buildd.Testing.Packages;
using Buildd.Testing.Runs;
using Buildd.Testing.Servers;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Farm;

/// <summary>The farm as its users have it: <c>run</c> in one process, their commands in others, slaves on the loopback.</summary>
[Parallelizable(ParallelScope.Self)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class FarmTests : IAsyncDisposable
{
    private readonly FarmProgram _farm = new();

    public ValueTask DisposeAsync() => _farm.DisposeAsync();

    [Test]
    public async Task A_source_package_is_built_and_its_log_shown_as_it_grows()
    {
        var dsc = await _farm.PrepareAsync();
        await _farm.AddSlaveAsync("bob", backend => backend.Script = BuildAsync);
        await using var run = await _farm.StartAsync();

        var (code, output) = await _farm.DoAsync("build", dsc, "--wait");

        Assert.That(code, Is.Zero, output + run.Output);
        Assert.That(output, Does.Contain("PACKAGEBUILD-1: amd64 build of hello 2.10-3 in debian bookworm RELEASE\n").And.Contain(
            "PACKAGEBUILD-1: Currently building on bob\n").And.Contain("building hello\n")
            .And.Contain("PACKAGEBUILD-1: Successfully built on bob\n").And.Contain($"The results are in {_farm["state/archive"]}\n"));
        Assert.That(Directory.GetFiles(_farm.Accepted(1)).Select(Path.GetFileName), Does.Contain(UploadLeaf.DebName));
        Assert.That(Directory.GetDirectories(_farm["state/results/incoming"]), Is.Empty);
        Assert.That((await _farm.DoAsync("log", "1")).Output, Does.Contain("building hello"));
        Assert.That((await _farm.DoAsync("show", "1")).Output, Does.Contain("FULLYBUILT").And.Contain(UploadLeaf.DebName));
        Assert.That((await _farm.DoAsync("builders", "check")).Code, Is.Zero);
        Assert.That(await run.StopAsync(), Is.Zero, run.Output);
    }

    [Test]
    public async Task Systemd_is_notified_when_it_is_ready_and_when_it_stops()
    {
        using var socket = new NotifySocket();
        await using var run = _farm.Launch(command => command.WithEnvironment("NOTIFY_SOCKET", socket.Address));

        Assert.That(
            await socket.ReceiveAsync(), Does.Match("^READY=1\nSTATUS=inputs are served at http://127\\.0\\.0\\.1:[0-9]+/?$"), run.Output);
        Assert.That(await run.StopAsync(), Is.Zero, run.Output);
        Assert.That(await socket.ReceiveAsync(), Is.EqualTo("STOPPING=1"));
        Assert.That(run.Output, Does.Contain("stopping; builds go on at their builders"));
    }

    [Test]
    public async Task A_systemd_that_does_not_listen_is_a_warning()
    {
        await using var run = _farm.Launch(command => command.WithEnvironment("NOTIFY_SOCKET", _farm["none"]));

        await run.SaysAsync("systemd could not be notified of READY=1");
        Assert.That(await run.StopAsync(), Is.Zero, run.Output);
    }

    [Test]
    public async Task An_upload_that_fails_is_mailed_kept_and_rescued_while_run_runs()
    {
        await using var server = new SmtpListener();
        await using var farm =
            new FarmProgram($"Mail: smtp://127.0.0.1:{server.Port}\nMail-From: Farm <farm@example.org>\nAdministrators: ada@example.org\n");
        var dsc = await farm.PrepareAsync();
        await farm.AddSlaveAsync(
            "bob", backend =>
                backend.Script = (context, abort) => BuildAsync(context, leaf => File.AppendAllText(leaf[UploadLeaf.DebName], "!"), abort));
        await using var run = await farm.StartAsync();

        var (code, output) = await farm.DoAsync("build", dsc, "--wait", "--requester", "Cory <cory@example.org>");

        Assert.That(code, Is.EqualTo(FarmExitCode.NotWell), output + run.Output);
        Assert.That(output, Does.Contain("PACKAGEBUILD-1: Failed to upload on bob: \"hello_2.10-3_amd64.deb\" has"));
        var show = (await farm.DoAsync("show", "1")).Output;
        var leaf = Directory.GetDirectories(farm["state/results/rejected"]).Single();
        Assert.That(show, Does.Contain(leaf).And.Contain(farm["state/results/upload-logs/upload_1_log.txt"]));
        await Until.TrueAsync(() => server.Received.Count >= 3);
        var mail = server.Received.Single(one => one.To.Single().Contains("cory@", StringComparison.Ordinal));
        Assert.That(mail.Headers["X-Launchpad-Build-State"].Single(), Is.EqualTo("FAILEDTOUPLOAD"));
        Assert.That(mail.Headers["X-Creator-Recipient"].Single(), Is.EqualTo("cory@example.org"));
        Assert.That(mail.Body, Does.Contain($"The leaf is rejected/{Path.GetFileName(leaf)} in {farm["state/results"]}."));

        UploadLeaf.MakeGood(Path.Combine(leaf, "1", "debian"));
        var retried = await farm.DoAsync("retry-upload", "1", "--wait", "60");

        Assert.That(
            (retried.Code, retried.Output),
            Is.EqualTo((0, $"INFO    Leaf {Path.GetFileName(leaf)}: Accepted. \nACCEPTED {Path.GetFileName(leaf)}\n")));
        Assert.That(File.Exists(Path.Combine(farm.Accepted(1), UploadLeaf.DebName)));
        Assert.That(File.Exists(farm["state/results/upload-logs/upload_1_log.txt"]), Is.False);
        Assert.That((await farm.DoAsync("show", "1")).Output, Does.Contain("FULLYBUILT"));
    }

    [Test]
    public async Task Administrators_are_told_of_a_builder_that_is_taken_out_of_service()
    {
        await using var server = new SmtpListener();
        await using var farm =
            new FarmProgram($"Mail: smtp://127.0.0.1:{server.Port}\nMail-From: farm@example.org\nAdministrators: Ada <ada@example.org>\n");
        var slave = await farm.AddSlaveAsync(
            "bob", backend => backend.Script = (_, _) => Task.FromResult(new BuildOutcome(BuildStatus.BuilderFail)));
        var dsc = await farm.PrepareAsync();
        await using var run = await farm.StartAsync();
        for (var i = 0; i < 5; i++) // five failures of different builds are the builder's
            await farm.DoAsync("build", dsc);

        await Until.TrueAsync(() => server.Received.Count != 0);

        Assert.That(server.Received[0].To, Is.EqualTo(new[] { "RCPT TO:<ada@example.org>" }));
        Assert.That(
            server.Received[0].Headers["Subject"].Single() + server.Received[0].Body, Does.Contain("bob").And.Contain("BuilderFail"));
        Assert.That((await farm.DoAsync("builders", "list")).Output, Does.Contain("BuilderFail"));
    }

    [Test]
    public async Task A_build_that_fails_is_told_by_the_exit_code()
    {
        var dsc = await _farm.PrepareAsync();
        await _farm.AddSlaveAsync("bob", backend => backend.Script = (context, _) =>
        {
            context.Log.WriteLine("it does not compile");
            return Task.FromResult(new BuildOutcome(BuildStatus.PackageFail));
        });
        await using var run = await _farm.StartAsync();

        var (code, output) = await _farm.DoAsync("build", dsc, "--wait");

        Assert.That(code, Is.EqualTo(FarmExitCode.NotWell), output + run.Output);
        Assert.That(output, Does.Contain("it does not compile").And.Contain("PACKAGEBUILD-1: Failed to build"));
    }

    [Test]
    public async Task What_happens_is_told_in_lines_of_json_and_run_ends_with_its_standard_input()
    {
        var dsc = await _farm.PrepareAsync();
        await _farm.AddSlaveAsync("bob", backend => backend.Script = (_, _) => Task.FromResult(new BuildOutcome(BuildStatus.PackageFail)));
        var output = new System.Text.StringBuilder();
        // Standard input is a pipe of a program that ends when the build has.
        var wait = $"{_farm.Command("build", dsc, "--wait")}; test $? = 2";
        var run = _farm.Command("run", "--json", "--until-stdin-closes").ToString();

        var result = await ProcessRunner.RunSeparatedAsync(
            Command.Of("sh", "-c", $"{{ {wait}; }} | {run}"), bytes => output.Append(System.Text.Encoding.UTF8.GetString(bytes)), _ => { });

        Assert.That(result.ExitCode, Is.Zero, output.ToString());
        var events = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement).ToList();
        Assert.That(events[0].GetProperty("event").GetString(), Is.EqualTo("ready"));
        Assert.That(
            events.Select(told => told.GetProperty("event").GetString()), Does.Contain("dispatched").And.Contain("builder")
                .And.Contain("changed"));
        var end = events.Single(told => told.GetProperty("event").GetString() == "finished");
        Assert.That(
            (end.GetProperty("build").GetString(), end.GetProperty("state").GetString()), Is.EqualTo(("PACKAGEBUILD-1", "FAILEDTOBUILD")));
    }

    [TestCase("run --json")]
    [TestCase("builders list --json")]
    public async Task A_command_whose_output_nobody_reads_any_more_ends(string words)
    {
        await _farm.PrepareAsync();
        for (var number = 0; number < 200; number++) // more than a pipe holds
        {
            var added = await _farm.WithStoreAsync(store => store.Builders.TryAddAsync(
                new Builder { Name = $"b{number}", Url = new Uri("http://127.0.0.1:1/"), FailNotes = new string('x', 1000) }));
            Assert.That(added, Is.Not.Null);
        }

        var command = _farm.Command(words.Split(' ')).ToString();
        var said = await ProcessRunner.CaptureAsync(Command.Of("bash", "-c", $"{command} | head -n 1; echo ${{PIPESTATUS[0]}}"));

        Assert.That(said, Does.EndWith("\n141\n"));
    }

    [TestCase("--help")]
    [TestCase("build --help")]
    [TestCase("--version")]
    [TestCase("completion")]
    public async Task Help_that_nobody_reads_ends_without_a_word(string words)
    {
        var command = _farm.Command().ToString() + " " + words;
        var said = await ProcessRunner.CaptureAsync(
            Command.Of("bash", "-c", $"exec 3> >(true); wait $!; {command} 2>&1 >&3; echo $?"));

        Assert.That(said, Is.EqualTo("141\n"));
    }

    [Test]
    public async Task A_build_that_runs_is_cancelled_from_another_process()
    {
        var dsc = await _farm.PrepareAsync();
        await _farm.AddSlaveAsync("bob", backend => backend.Script = async (_, abort) =>
        {
            await Task.Delay(Timeout.Infinite, abort);
            return new BuildOutcome(BuildStatus.Ok);
        });
        await using var run = await _farm.StartAsync();
        await _farm.DoAsync("build", dsc);
        await UntilAsync(1, build => build.State == BuildState.Building);

        Assert.That((await _farm.DoAsync("cancel", "1")).Code, Is.Zero);

        await UntilAsync(1, build => build.State == BuildState.Cancelled);
    }

    /// <summary>What a program has printed is stored, wherever it is killed; and nothing is half there.</summary>
    [Test]
    public async Task A_command_that_is_killed_at_any_moment_has_stored_what_it_said_or_nothing()
    {
        var dsc = await _farm.PrepareAsync();
        var random = new Random(7);
        var said = 0;
        for (var i = 0; i < 40; i++)
        {
            using var stop = new CancellationTokenSource();
            var output = new System.Text.StringBuilder();
            var run = ProcessRunner.RunAsync(
                _farm.Command("build", dsc, "-a", "amd64", "-a", "arm64", "--without-chroot") with { StopGrace = TimeSpan.Zero }, bytes =>
                    output.Append(System.Text.Encoding.UTF8.GetString(bytes)), cancellationToken: stop.Token);
            stop.CancelAfter(random.Next(100, 700));
            try
            {
                await run;
            }
            catch (OperationCanceledException)
            {
                // killed
            }

            said += output.ToString().Split('\n').Count(line => line.StartsWith("PACKAGEBUILD-", StringComparison.Ordinal));
        }

        var builds = await _farm.WithStoreAsync(store => store.Builds.ListAsync(new BuildFilter { Count = BuildFilter.MaxCount }));
        TestContext.Out.WriteLine($"{said} builds were told of, {builds.Count} are stored");
        Assert.That(builds, Has.Count.GreaterThanOrEqualTo(said));
        Assert.That(
            builds.Count(build => build.Processor == "amd64"), Is.EqualTo(builds.Count(build => build.Processor == "arm64")),
            "both or none");
        await _farm.WithStoreAsync(async store =>
        {
            foreach (var build in builds)
                Assert.That((await store.Builds.FindSpecificationAsync(build.Id))!.Value.Length, Is.GreaterThan(0));
            return true;
        });
        await _farm.CheckStoreAsync();
    }

    [Test]
    public async Task Several_processes_change_one_store_at_the_same_time()
    {
        var dsc = await _farm.PrepareAsync();
        await _farm.WithStoreAsync(store => store.Builders.TryAddAsync( // no warning then, which would stand before the JSON
            new Builder { Name = "bob", Url = new Uri("http://127.0.0.1:1/"), Processors = ["amd64"] }));

        var ran = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => _farm.DoAsync("build", dsc, "--json")));

        var ids = ran.Select(one =>
        {
            using var json = JsonDocument.Parse(one.Output);
            return json.RootElement[0].GetProperty("id").GetInt64();
        });
        Assert.That(ids.Order(), Is.EqualTo(Enumerable.Range(1, 12)));
    }

    private static Task<BuildOutcome> BuildAsync(IBuildContext context, CancellationToken abort) => BuildAsync(context, _ => { }, abort);

    private static async Task<BuildOutcome> BuildAsync(IBuildContext context, Action<UploadLeaf> spoil, CancellationToken abort)
    {
        context.Log.WriteLine("building hello");
        await Task.Delay(300, abort);
        var made = UploadLeaf.MakeGood(Path.Combine(context.Directory, "made"));
        spoil(made);
        foreach (var path in Directory.GetFiles(made.Path))
            await context.AddResultAsync(path, null, abort);
        return new BuildOutcome(BuildStatus.Ok);
    }

    private Task<Build> UntilAsync(long id, Func<Build, bool> condition) => _farm.WithStoreAsync(
        store => Until.SeenAsync(async () => (await store.Builds.FindAsync(id))!, condition));
}

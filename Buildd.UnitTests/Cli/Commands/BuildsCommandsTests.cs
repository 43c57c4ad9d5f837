using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Buildd.Farm;
using Buildd.Master.Builds;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Commands;

/// <summary>The commands that look at builds and change them.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class BuildsCommandsTests : IDisposable
{
    private static readonly DateTimeOffset Then = new(2026, 3, 14, 15, 9, 26, TimeSpan.Zero);

    private readonly FarmBench _farm = new();

    public void Dispose() => _farm.Dispose();

    [Test]
    public async Task The_queue_has_what_runs_first_and_then_what_waits_by_score()
    {
        await _farm.QueueAsync("low", "high", "running", "over");
        await ChangeAsync(2, build => build.Rescored(100));
        await ChangeAsync(3, build => build.Dispatched("bob", Then));
        await ChangeAsync(4, build => build.CancelledBy(Then));

        Assert.That(await TitlesAsync("queue"), Is.EqualTo("running high low"));
        Assert.That(await TitlesAsync("queue", "--builder", "bob"), Is.EqualTo("running"));
        Assert.That(await TitlesAsync("queue", "--source", "low"), Is.EqualTo("low"));
        Assert.That(await TitlesAsync("queue", "--arch", "arm64"), Is.Empty);
        Assert.That(await TitlesAsync("queue", "--all"), Is.EqualTo("over running high low"));
        Assert.That(await TitlesAsync("queue", "--all", "--state", "cancelled"), Is.EqualTo("over"));
        Assert.That(await TitlesAsync("queue", "--all", "--before", "3", "-n", "1"), Is.EqualTo("high"));
        Assert.That(
            (await _farm.RunAsync("queue"))
                .Output.Split('\n')[1], Does.Match("^PACKAGEBUILD-3 +BUILDING +0 +2026-03-14 15:09:26Z +bob +running$"));
    }

    [Test]
    public async Task A_queue_that_is_not_shown_whole_says_so()
    {
        await _farm.QueueAsync("one", "two", "three");

        var ran = await _farm.RunAsync("queue", "--count", "2");

        Assert.That(ran.Error, Is.EqualTo("2 of 3 builds; --count shows more\n"));
        Assert.That(ran.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(3));
    }

    [TestCase("queue", "--state", "WHATEVER")]
    [TestCase("queue", "--count", "0")]
    [TestCase("queue", "--count", "1001")]
    [TestCase("queue", "--count", "many")]
    [TestCase("show", "hello")]
    [TestCase("show", "0")]
    [TestCase("show", "-1")]
    [TestCase("show", "PACKAGEBUILD-")]
    [TestCase("show", "packagebuild-1")]
    [TestCase("show", "99999999999999999999")]
    [TestCase("cancel")]
    [TestCase("cancel", "1", "x")]
    [TestCase("rescore", "1", "much")]
    [TestCase("rescore", "1", "9999999999")]
    public async Task What_cannot_be_meant_is_a_wrong_command_line(params string[] arguments)
    {
        await _farm.QueueAsync("one");

        var ran = await _farm.RunAsync(arguments);

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.Usage), ran.ToString());
        Assert.That((await FindAsync(1)).State, Is.EqualTo(BuildState.NeedsBuild));
    }

    [TestCase("1")]
    [TestCase("PACKAGEBUILD-1")]
    public async Task A_build_is_shown_by_number_or_cookie(string name)
    {
        await _farm.QueueAsync("amd64 build of hello");
        await ChangeAsync(
            1, build => build.Dispatched("bob", Then)
                .Ended(BuildState.ManualDepWait, Then + TimeSpan.FromMinutes(2), "libfoo-dev (>= 2)", "it \u001b[31mwaits"));

        var shown = (await _farm.RunAsync("show", name)).Output;

        Assert.That(
            shown, Does.Contain("State:             MANUALDEPWAIT (Dependency wait)\n").And.Contain("libfoo-dev (>= 2)")
                .And.Contain(", after 2 min 00 s\n"));
        Assert.That(shown, Does.Not.Contain("\u001b"));
    }

    [Test]
    public async Task A_build_that_waits_is_shown_with_why_where_and_until_when()
    {
        await _farm.QueueAsync("first", "second");
        Assert.That((await _farm.RunAsync("show", "2")).Output, Does.Contain("Waits:             The farm has no builders.\n"));
        await _farm.RunAsync("builders", "add", "bob", "http://127.0.0.1:1/", "-p", "amd64");

        var shown = (await _farm.RunAsync("show", "2")).Output;
        using var json = JsonDocument.Parse((await _farm.RunAsync("show", "2", "--json")).Output);
        await ChangeAsync(1, build => build.CancelledBy(Then));
        using var later = JsonDocument.Parse((await _farm.RunAsync("show", "1", "--json")).Output);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(shown, Does.Contain("Waits:             It is number 2 in line").And.Match("Place: +2\n").And.Match("Starts: +20"));
            Assert.That(json.RootElement.GetProperty("waiting_reason").GetString(), Does.StartWith("It is number 2 in line"));
            Assert.That(json.RootElement.GetProperty("queue_position").GetInt32(), Is.EqualTo(2));
            Assert.That(
                json.RootElement.GetProperty("estimated_start").GetDateTimeOffset() - DateTimeOffset.UtcNow,
                Is.GreaterThan(TimeSpan.FromMinutes(1)), "after the first");
            Assert.That(later.RootElement.GetProperty("waiting_reason").ValueKind, Is.EqualTo(JsonValueKind.Null));
        }
    }

    [Test]
    public async Task Everything_of_a_build_is_in_its_JSON()
    {
        await _farm.QueueAsync("hello");
        await ChangeAsync(
            1,
            build => build.Dispatched("bob", Then).GatheringInto("leaf").HandedOver([new BuildFile("a.deb", 7, default, "2")], Then));

        using var json = JsonDocument.Parse((await _farm.RunAsync("show", "1", "--json")).Output);
        var build = json.RootElement;

        string[] unlike = ["Id", "Duration", "EstimatedDuration"]; // spelt otherwise, or told by others
        var members = typeof(Build).GetProperties().Select(property => property.Name).Except(unlike)
            .Select(JsonNamingPolicy.SnakeCaseLower.ConvertName);
        Assert.That(members.Where(member => !build.TryGetProperty(member, out _)), Is.Empty);
        Assert.That(build.GetProperty("state").GetString(), Is.EqualTo("UPLOADING"));
        Assert.That(build.GetProperty("queue").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(build.GetProperty("files")[0].GetProperty("size").GetInt64(), Is.EqualTo(7));
    }

    [TestCase("show", "7")]
    [TestCase("show", "LIVEFSBUILD-1")]
    [TestCase("log", "7")]
    [TestCase("log", "1")]
    [TestCase("log", "7", "--follow")]
    [TestCase("cancel", "7")]
    [TestCase("retry", "7")]
    [TestCase("rescore", "7", "1")]
    public async Task What_is_not_there_is_said_plainly(params string[] arguments)
    {
        await _farm.QueueAsync("hello");

        var ran = await _farm.RunAsync(arguments);

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.NotFound), ran.ToString());
        Assert.That(ran.Error, Does.Contain("there is no build ").Or.Contain("has no log"));
    }

    [TestCase("NEEDSBUILD", "rescore", "1", "7", "--json")]
    [TestCase("CANCELLED", "cancel", "1", "--json")]
    public async Task A_change_is_told_to_programs(string state, params string[] arguments)
    {
        await _farm.QueueAsync("one");

        var ran = await _farm.RunAsync(arguments);

        using var json = JsonDocument.Parse(ran.Output);
        Assert.That(json.RootElement[0].GetProperty("state").GetString(), Is.EqualTo(state), ran.ToString());
    }

    [Test]
    public async Task Builds_are_cancelled_rescored_and_retried()
    {
        await _farm.QueueAsync("one", "two");

        Assert.That((await _farm.RunAsync("rescore", "1", "2505")).Output, Is.EqualTo("PACKAGEBUILD-1: Needs building, score 2505\n"));
        Assert.That((await _farm.RunAsync("rescore", "1", "--", "-5")).Code, Is.Zero);
        Assert.That(((await FindAsync(1)).Score, (await FindAsync(1)).ScoredByHand), Is.EqualTo((-5, true)));

        Assert.That(
            (await _farm.RunAsync("cancel", "1", "PACKAGEBUILD-2"))
                .Output, Is.EqualTo("PACKAGEBUILD-1: Cancelled build, score -5\nPACKAGEBUILD-2: Cancelled build, score 0\n"));
        Assert.That((await _farm.RunAsync("retry", "2")).Code, Is.Zero);
        Assert.That((await FindAsync(2)).Queue, Is.EqualTo(QueueState.Waiting));
    }

    [Test]
    public async Task Builds_are_retried_by_what_they_are_and_a_dry_run_only_tells()
    {
        await _farm.QueueAsync("one", "two", "three", "four", "five");
        await EndAsync(1, BuildState.FailedToBuild);
        await EndAsync(2, BuildState.ChrootWait);
        await EndAsync(3, BuildState.Cancelled);
        await EndAsync(4, BuildState.ManualDepWait);

        var told = await _farm.RunAsync("retry", "-a", "amd64", "-n");
        Assert.That(told.Output, Is.EqualTo(
            "PACKAGEBUILD-1: Failed to build: one\nPACKAGEBUILD-2: Chroot problem: two\nPACKAGEBUILD-4: Dependency wait: four\n"));
        Assert.That((await FindAsync(1)).State, Is.EqualTo(BuildState.FailedToBuild), "nothing was done");

        Assert.That((await _farm.RunAsync("retry", "--source", "two")).Output, Does.StartWith("PACKAGEBUILD-2: Needs building"));
        Assert.That((await _farm.RunAsync("retry", "--state", "cancelled")).Output, Does.StartWith("PACKAGEBUILD-3: Needs building"));
        Assert.That((await _farm.RunAsync("retry", "--arch", "amd64")).Output.Split('\n'), Has.Length.EqualTo(3), "1 and 4");
        foreach (var id in (long[])[1, 2, 3, 4, 5])
            Assert.That((await FindAsync(id)).Queue, Is.EqualTo(QueueState.Waiting));
        var none = await _farm.RunAsync("retry", "--source", "nobody");
        Assert.That((none.Code, none.Output, none.Error), Is.EqualTo((0, "", "No build is like that.\n")));

        Task EndAsync(long id, BuildState state) =>
            ChangeAsync(id, build => build.Dispatched("bob", Then).Ended(state, Then, dependencies: "x"));
    }

    [TestCase("retry")]
    [TestCase("retry", "1", "--state", "CHROOTWAIT")]
    [TestCase("retry", "--state", "NOSUCHSTATE")]
    public async Task Builds_to_retry_are_named_or_chosen(params string[] arguments)
    {
        await _farm.QueueAsync("one");

        var ran = await _farm.RunAsync(arguments);

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.Usage), ran.ToString());
    }

    [Test]
    public async Task A_build_that_runs_is_to_be_stopped_by_its_master()
    {
        await _farm.QueueAsync("one");
        await ChangeAsync(1, build => build.Dispatched("bob", Then));

        Assert.That((await _farm.RunAsync("cancel", "1")).Output, Does.Contain("Cancelling build"));
        Assert.That((await FindAsync(1)).Queue, Is.EqualTo(QueueState.Cancelling));
    }

    [Test]
    public async Task What_a_build_s_state_does_not_allow_is_refused_and_the_others_are_done()
    {
        await _farm.QueueAsync("one", "two");
        await ChangeAsync(1, build => build.Dispatched("bob", Then).GatheringInto("leaf").HandedOver([], Then));

        var ran = await _farm.RunAsync("cancel", "1", "2");

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.Failed));
        Assert.That(ran.Error, Is.EqualTo("PACKAGEBUILD-1 is UPLOADING and can't be cancelled: only builds that wait or run can\n"));
        Assert.That((await FindAsync(2)).State, Is.EqualTo(BuildState.Cancelled));
        Assert.That((await _farm.RunAsync("retry", "1")).Error, Does.Contain("can't be retried"));
        Assert.That((await _farm.RunAsync("rescore", "2", "1")).Error, Does.Contain("can't be rescored"));
    }

    [Test]
    public async Task The_log_of_a_build_that_has_ended_is_unpacked_and_commands_no_terminal()
    {
        await _farm.QueueAsync("one");
        await ChangeAsync(
            1, build => build.Dispatched("bob", Then).Ended(BuildState.FailedToBuild, Then) with { LogName = "buildlog.txt.gz" });
        Directory.CreateDirectory(_farm["state/results/logs/PACKAGEBUILD-1/1"]);
        await using (
            var file = new GZipStream(File.Create(_farm["state/results/logs/PACKAGEBUILD-1/1/buildlog.txt.gz"]), CompressionLevel.Fastest))
            await file.WriteAsync(Encoding.UTF8.GetBytes("first\n\u001b[2Jsecond ü\n"));

        Assert.That((await _farm.RunAsync("log", "1")).Output, Is.EqualTo("first\n[2Jsecond ü\n"));
        Assert.That((await _farm.RunAsync("log", "1", "--follow")).Output, Is.EqualTo("first\n[2Jsecond ü\n"));
    }

    [Test]
    public async Task A_log_is_followed_as_it_grows_until_the_build_has_ended()
    {
        await _farm.QueueAsync("one");
        await ChangeAsync(1, build => build.Dispatched("bob", Then));
        Directory.CreateDirectory(_farm["state/results/logs/PACKAGEBUILD-1/1"]);
        var running = _farm["state/results/logs/PACKAGEBUILD-1/1.log"];
        await File.WriteAllTextAsync(running, "first\n");
        var following = _farm.RunAsync("log", "1", "--follow");

        await File.AppendAllTextAsync(running, "second\n");
        await using (
            var file = new GZipStream(File.Create(_farm["state/results/logs/PACKAGEBUILD-1/1/buildlog.txt.gz"]), CompressionLevel.Fastest))
            await file.WriteAsync("first\nsecond\nthird\n"u8.ToArray());
        File.Delete(running);
        await ChangeAsync(1, build => build.Ended(BuildState.FailedToBuild, Then) with { LogName = "buildlog.txt.gz" });

        var ran = await following;
        Assert.That((ran.Code, ran.Output), Is.EqualTo((0, "first\nsecond\nthird\n")));
    }

    private Task<Build> FindAsync(long id) => _farm.WithStoreAsync(async store => (await store.Builds.FindAsync(id))!);

    private Task<Build?> ChangeAsync(long id, Func<Build, Build> change) =>
        _farm.WithStoreAsync(store => store.Builds.ChangeAsync(id, change));

    private async Task<string> TitlesAsync(params string[] arguments)
    {
        using var json = JsonDocument.Parse((await _farm.RunAsync([.. arguments, "--json"])).Output);
        return string.Join(' ', json.RootElement.EnumerateArray().Select(build => build.GetProperty("title").GetString()));
    }
}

using System.Globalization;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Builds;

/// <summary>The same with a slave that an ordinary user runs: what needs root goes through sudo, operation by operation.</summary>
[NonParallelizable]
[CancelAfter(600_000)]
public class OrdinaryUserTests : BinaryPackageFixture
{
    private OrdinaryUser _user = null!;

    private protected override async Task RemoveUserAsync()
    {
        if (_user is not null)
            await _user.DisposeAsync();
    }

    private protected override async Task<SlaveDaemon> StartSlaveAsync()
    {
        _user = await OrdinaryUser.CreateAsync();
        return await SlaveDaemon.StartAsync(_user);
    }

    [Test]
    public async Task A_package_is_built_fetched_and_right_and_nothing_is_left()
    {
        var job = await JobAsync("fx-user", "id -un > out; id -u >> out");

        var outcome = await RunAsync(job);

        Assert.Multiple(() =>
        {
            Assert.That(outcome.Succeeded, outcome.Story);
            Assert.That(outcome.Files.Select(file => file.Name), Does.Contain($"fx-user_1.0_{Architecture}.deb"));
            Assert.That(Driver.Phases, Is.EqualTo(
                (string[])["init", "unpack", "mount", "sources", "update", "sbuild", "gather", "reap", "umount", "cleanup"]));
            Assert.That(Slave.Output, Does.Contain($"What needs root is done through sudo, for user {_user.Name}"));
        });
        Assert.That(await UserOfSlaveAsync(), Is.EqualTo(_user.Id));
        var built = await ProcessRunner.CaptureAsync(
            Command.Of(
                "sh", "-c",
                $"dpkg-deb --fsys-tarfile {Path.Combine(outcome.Folder!, $"fx-user_1.0_{Architecture}.deb")} | tar -xO ./usr/bin/fx-user"));
        Assert.That(built, Is.EqualTo($"{_user.Name}\n{_user.Id}\n"), "who built it");
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    [Test]
    public async Task A_package_that_needs_what_does_not_exist_waits_for_it()
    {
        var outcome = await RunAsync(await JobAsync("fx-userdepwait", "true", buildDepends: "no-such-package-dev (>= 1)"));

        Assert.That((outcome.Status, outcome.Dependencies), Is.EqualTo((BuildStatus.DepFail, "no-such-package-dev (>= 1)")), outcome.Story);
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    [Test]
    public async Task A_build_aborted_in_the_middle_is_ABORTED_and_leaves_nothing()
    {
        var job = await JobAsync("fx-usersleeps", "echo going to sleep; trap '' TERM; setsid sleep 1000 & sleep 1000");
        using var abort = new CancellationTokenSource();

        var outcome = await RunAsync(
            job,
            Driver.WhenLogHas("\ngoing to sleep\n", async () =>
            {
                // Something of root, in a session of its own and without an environment, which the slave's user may not even look at.
                var (code, said) = await _user.AskAsync(
                    "inside", job.Cookie.ToString(), "0", "env", "-i", "PATH=/usr/bin:/bin", "setsid", "-f", "sh", "-c",
                    "exec sleep 1000 >/dev/null 2>&1");
                Assert.That(code, Is.Zero, said);
                Assert.That(
                    () => ProcessTable.RootedAt(Slave.Directory).Select(process => process.Name),
                    Has.Exactly(3).EqualTo("sleep").After(30).Seconds.PollEvery(50)
                        .MilliSeconds, "a shell is 'sleep' a moment after its word in the log");
                await abort.CancelAsync();
            }),
            abort.Token);

        Assert.Multiple(() =>
        {
            Assert.That(outcome.Status, Is.EqualTo(BuildStatus.Aborted), outcome.Story);
            Assert.That(outcome.Finished.IsSlaveClean);
        });
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    [Test]
    public async Task A_step_of_root_that_hangs_is_ended_by_an_abort()
    {
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start(); // takes connections, and never says a word
        var job = await JobAsync("fx-userhangs", "true", $"deb [trusted=yes] http://{silent.LocalEndpoint}/debian stable main");
        using var abort = new CancellationTokenSource();
        var run = RunAsync(job, abort: abort.Token);
        await Until.TrueAsync(() => run.IsCompleted || ProcessTable.RootedAt(Slave.Directory).Any(process => process.Name == "http"));
        await abort.CancelAsync();

        var outcome = await run;

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.Aborted), outcome.Story);
        Assert.That(outcome.Log, Does.Contain("apt-get -uy").And.Not.Contain("ABORTING: Failed"));
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    [Test]
    public async Task What_a_slave_left_that_was_killed_is_ended_by_the_next_one()
    {
        var job = await JobAsync("fx-userkilled", "echo going to sleep; setsid sleep 1000 & sleep 1000");
        var asleep = new TaskCompletionSource();
        var run = RunAsync(job, Driver.WhenLogHas("\ngoing to sleep\n", () => Task.FromResult(asleep.TrySetResult())));
        await Task.WhenAny(asleep.Task, run);
        await Slave.KillAsync();
        Assert.That((await run).State, Is.EqualTo(BuildState.NeedsBuild));
        Assert.That(ProcessTable.RootedAt(Slave.Directory), Is.Not.Empty, "otherwise there is nothing to end");
        await Slave.DisposeAsync();

        Slave = await SlaveDaemon.StartAsync(_user);

        await Until.TrueAsync(async () => (await Slave.Client.StatusAsync()).Status == BuilderStatus.Waiting);
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    [Test]
    public async Task A_machine_without_the_rule_says_what_to_do()
    {
        File.Delete($"/etc/sudoers.d/{_user.Name}");
        var job = await JobAsync("fx-norule", "true");

        var outcome = await RunAsync(job);

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.BuilderFail));
        Assert.That(
            outcome.Log, Does.Contain(
                $"write the rule that '{_user.Program} root --config {_user.Configuration} sudoers' prints into a file in /etc/sudoers.d"));
        BuildEnvironment.AssertNothingIsLeft(Slave.Directory);
    }

    private async Task<uint> UserOfSlaveAsync()
    {
        var status = await File.ReadAllLinesAsync($"/proc/{Slave.ProcessId}/status");
        return uint.Parse(
            status.Single(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1], CultureInfo.InvariantCulture);
    }
}

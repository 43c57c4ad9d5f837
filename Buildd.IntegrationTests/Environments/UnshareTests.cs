using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Environments;

/// <summary>Namespaces of a slave that is not root, and for which sudo has no rule.</summary>
public class UnshareTests : EnvironmentContract
{
    private OrdinaryUser? _user;

    private protected override string Environment => "unshare";

    private protected override async Task<SlaveDaemon> StartSlaveAsync(string lines)
    {
        if (_user is null)
        {
            _user = await OrdinaryUser.CreateAsync(withRule: false);
            await _user.AddSubordinatesAsync();
            await File.AppendAllTextAsync(_user.Configuration, $"environment = {Environment}\n");
        }

        await File.AppendAllTextAsync(_user.Configuration, $"{lines}\n");
        return await SlaveDaemon.StartAsync(_user);
    }

    private protected override async Task RemoveUserAsync()
    {
        if (_user is not null)
            await _user.DisposeAsync();
        _user = null;
    }

    private protected override void AssertNothingIsLeft()
    {
        base.AssertNothingIsLeft();
        Assert.That(_user!.FindProcessesOfSubordinates(), Is.Empty, "processes of the users of a namespace");
    }

    [Test]
    public async Task A_system_that_root_is_asked_to_make_for_somebody_without_numbers_says_what_to_do()
    {
        await Slave.DisposeAsync();
        await ProcessRunner.CaptureAsync(
            Command.Of("usermod", "--del-subuids", _user!.Subordinates, "--del-subgids", _user.Subordinates, _user.Name));
        Slave = await SlaveDaemon.StartAsync(_user);

        var outcome = await RunAsync(await JobAsync("fx-nonumbers", "true"));

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.BuilderFail));
        Assert.That(outcome.Log, Does.Contain($"run 'usermod --add-subuids N-M --add-subgids N-M {_user.Name}' as root"));
        AssertNothingIsLeft();
    }

    [Test]
    public async Task A_package_that_needs_what_does_not_exist_waits_for_it()
    {
        var outcome = await RunAsync(await JobAsync("fx-depwait", "true", buildDepends: "no-such-package-dev (>= 1)"));

        Assert.That((outcome.Status, outcome.Dependencies), Is.EqualTo((BuildStatus.DepFail, "no-such-package-dev (>= 1)")), outcome.Story);
        AssertNothingIsLeft();
    }

    [Test]
    public async Task A_package_is_root_of_nothing_and_in_the_system_that_was_prepared_for_it()
    {
        const string Look =
            "cat /CurrentlyBuilding > out; cat /proc/1/comm >> out; cut -d' ' -f1 /proc/self/uid_map | tr -d ' \\n' >> out; "
            + "! mknod x c 1 3 2> /dev/null; ls /home /root > /dev/null 2>&1 || true; readlink /proc/self/ns/pid >> out";

        var outcome = await RunAsync(await JobAsync("fx-look", Look));

        Assert.That(outcome.Succeeded, outcome.Story);
        var seen = await ProcessRunner.CaptureAsync(Command.Of(
            "sh", "-c",
            $"dpkg-deb --fsys-tarfile {Path.Combine(outcome.Folder!, $"fx-look_1.0_{Architecture}.deb")} | tar -xO ./usr/bin/fx-look"));
        Assert.That(seen, Does.StartWith("Package: fx-look\n").And.Contain("Suite: ").And.Contain("\nsh\n"));
        Assert.That(seen, Does.Not.Contain(new FileInfo("/proc/self/ns/pid").LinkTarget!), "processes of its own");
        Assert.That(Directory.GetFileSystemEntries("/tmp", "tmp.sbuild.*"), Is.Empty);
    }

    [Test]
    public async Task What_a_slave_left_that_was_killed_is_gone_with_it_and_the_next_one_removes_the_files()
    {
        var job = await JobAsync("fx-killed", "echo going to sleep; setsid env -i sleep 1000 & sleep 1000");
        var asleep = new TaskCompletionSource();
        var run = RunAsync(job, Driver.WhenLogHas("\ngoing to sleep\n", () => Task.FromResult(asleep.TrySetResult())));
        await Task.WhenAny(asleep.Task, run);
        Assert.That(_user!.FindProcessesOfSubordinates(), Is.Not.Empty, "otherwise there is nothing to end");
        await Slave.KillAsync();
        Assert.That((await run).State, Is.EqualTo(BuildState.NeedsBuild));
        await Slave.DisposeAsync();

        Slave = await SlaveDaemon.StartAsync(_user);
        await Until.TrueAsync(async () => (await Slave.Client.StatusAsync()).Status == BuilderStatus.Waiting, TimeSpan.FromMinutes(10));

        AssertNothingIsLeft();
    }
}

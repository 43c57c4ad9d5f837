using Buildd.Backends.Limits;
using Buildd.Backends.PlugIn;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave;
using Buildd.Slave.Builds;
using Buildd.Testing.Runs;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.PlugIn;

/// <summary>Whole builds, with real scripts as the plug-in.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class PlugInBuildTests : IDisposable
{
    private const string Freezer = "/sys/fs/cgroup/freezer";

    private readonly PlugInBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Test]
    public async Task What_it_leaves_in_its_folder_are_the_results_in_the_order_of_their_names()
    {
        var outcome = await _bench.RunAsync("cd ../results; echo two > b; echo one > a; : > empty; echo hidden > .h");

        Assert.That(outcome, Is.EqualTo(new BuildOutcome(BuildStatus.Ok)));
        Assert.That(_bench.Added, Is.EqualTo(new[] { (".h", "hidden\n"), ("a", "one\n"), ("b", "two\n"), ("empty", "") }));
        Assert.That(_bench.Phases, Is.EqualTo(new[] { "init", "run", "reap", "gather", "cleanup" }));
        Assert.That(_bench.Cause, Is.Null);
        Assert.That(Directory.GetFileSystemEntries(_bench.Directory), Is.Empty);
    }

    [Test]
    public async Task Without_a_network_it_has_a_loopback_that_is_up_its_input_and_its_exit_code()
    {
        Machine.Require(CurrentUser.IsRoot, "root, to make networks");
        _bench.Network = false;

        var outcome = await _bench.RunAsync(
            "cat > request; grep -c build_id request; tail -n +3 /proc/self/net/dev | cut -d: -f1 | tr -d ' '; "
            + "perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 1, LocalAddr => \"127.0.0.1\"); print "
            + "IO::Socket::INET->new(PeerAddr => \"127.0.0.1\", PeerPort => $s->sockport) ? \"up\\n\" : \"down\\n\"'; "
            + "env | cut -d= -f1 | grep -v BUILDD_SCOPE | sort | tr '\\n' ' '; id -u; exit 3");

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.GivenBack), _bench.LogText);
        Assert.That(
            _bench.LogText, Does.Contain("\n1\nlo\nup\nHOME LANG OLDPWD PATH PWD TERM 0\n")
                .Or.Contain("\n1\nlo\nup\nHOME LANG PATH PWD TERM 0\n"));
    }

    [TestCase("exit 0", BuildStatus.Ok, null, true)]
    [TestCase("exit 1", BuildStatus.PackageFail, "exit 1", true)]
    [TestCase("echo 'libfoo (>= 2)' > dependencies; exit 2", BuildStatus.DepFail, "exit 2", true)]
    [TestCase("exit 3", BuildStatus.GivenBack, "exit 3", false)]
    [TestCase("exit 4", BuildStatus.ChrootFail, "exit 4", false)]
    [TestCase("exit 5", BuildStatus.BuilderFail, "exit 5", false)]
    [TestCase("exit 125", BuildStatus.BuilderFail, "exit 125", false)]
    [TestCase("exit 127", BuildStatus.BuilderFail, "exit 127", false)]
    [TestCase("kill -9 $$", BuildStatus.BuilderFail, "signal 9", false)]
    [TestCase("kill -15 $$", BuildStatus.BuilderFail, "signal 15", false)]
    public async Task The_exit_code_is_the_outcome(string end, BuildStatus status, string? cause, bool hasResults)
    {
        var outcome = await _bench.RunAsync("echo x > ../results/file\n" + end);

        Assert.That(outcome.Status, Is.EqualTo(status));
        Assert.That(_bench.Cause, Is.EqualTo(cause));
        Assert.That(_bench.Added, Has.Count.EqualTo(hasResults ? 1 : 0));
        Assert.That(outcome.Dependencies, Is.EqualTo(status == BuildStatus.DepFail ? "libfoo (>= 2)" : ""));
        if (cause is not null)
            Assert.That(_bench.LogText, Does.Contain($"/plug-in' ended with {cause.Replace("exit", "exit code")}\n"));
    }

    [Test]
    public async Task It_gets_the_request_and_a_small_environment_and_writes_the_log()
    {
        _bench.Request = _bench.Request with
        {
            Arguments = new XmlRpcStruct { ["series"] = "sid", ["password"] = "hush", ["build_url"] = "http://x/1" },
        };

        await _bench.RunAsync(
            "cat > ../request; env | cut -d= -f1 | sort | tr '\\n' ' '; echo; pwd; echo $HOME >&2; echo $PATH; tr '\\0' ' ' < "
                + "/proc/$$/cmdline");

        var log = _bench.LogText.Split('\n');
        Assert.That(log[0], Is.EqualTo("http://x/1"));
        Assert.That(log[2], Is.EqualTo($"RUN: {_bench["plug-in"]}"));
        Assert.That(log[3].Split(' ').Except(["BUILDD_SCOPE", ""]), Is.EqualTo(new[] { "HOME", "LANG", "PATH", "PWD", "TERM" }));
        Assert.That(
            log[4..7], Is.EqualTo(new[] { _bench.Work, _bench.Work, "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" }));
        Assert.That(log[7], Is.EqualTo($"/bin/sh {_bench["plug-in"]} "));
        Assert.That(
            File.ReadAllText(Path.Combine(_bench.Directory, "request")), Does.StartWith("{\"build_id\":\"PLUGIN-1\"").And.Contain("hush")
                .And.EndWith("}\n"));
        Assert.That(_bench.LogText, Does.Not.Contain("hush"));
    }

    [TestCase("exit 0")]
    [TestCase("sleep 1000 <&0 & exit 0", Description = "a child holds the input that nobody reads")]
    [TestCase("exec <&-; exit 0")]
    [TestCase("head -c 100 > /dev/null; exit 0")]
    public async Task Large_arguments_that_nobody_reads_hold_nothing_up(string script)
    {
        _bench.Request = _bench.Request with { Arguments = new XmlRpcStruct { ["series"] = "sid", ["x"] = new string('x', 4 << 20) } };

        Assert.That((await _bench.RunAsync(script)).Status, Is.EqualTo(BuildStatus.Ok));
    }

    [Test]
    public async Task Large_arguments_arrive_whole_while_much_is_written()
    {
        _bench.Request = _bench.Request with { Arguments = new XmlRpcStruct { ["series"] = "sid", ["x"] = new string('x', 4 << 20) } };

        await _bench.RunAsync("head -c 1000000 /dev/zero; wc -c > ../results/count");

        Assert.That(int.Parse(_bench.Added.Single().Content), Is.GreaterThan(4 << 20));
    }

    [Test]
    public async Task Only_regular_files_directly_in_the_folder_are_results()
    {
        var outcome =
            await _bench.RunAsync("cd ../results; echo x > file; mkdir folder; echo y > folder/inner; ln -s /etc/passwd link; mkfifo pipe");

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.Ok));
        Assert.That(_bench.Added, Is.EqualTo(new[] { ("file", "x\n") }));
        Assert.That(_bench.LogText, Does.Contain("'folder' is no result: it is a folder\n")
            .And.Contain("'link' is no result: it is a symbolic link, which is not followed\n")
            .And.Contain("'pipe' is no result: it is a pipe, a socket or a device\n"));
    }

    [TestCase("touch \"$(printf 'a\\377b')\"", "the name is not UTF-8")]
    [TestCase("i=0; while [ $i -le 10000 ]; do : > $i; i=$((i+1)); done", "more than 10000")]
    [TestCase("cd ..; rmdir results; ln -s /etc results", "is no folder any more: it is a symbolic link")]
    [TestCase("rmdir ../results", "is no folder any more: it is not there")]
    public async Task Results_that_can_not_be_taken_over_are_PACKAGEFAIL(string script, string reason)
    {
        var outcome = await _bench.RunAsync("cd ../results; " + script);

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.PackageFail));
        Assert.That(_bench.LogText, Does.Match($"Failed to gather results: .*{reason}"));
        Assert.That(_bench.Cause, Is.EqualTo("gather"));
    }

    [Test]
    public async Task A_name_that_the_slave_refuses_is_PACKAGEFAIL_also_when_the_build_waits_for_something()
    {
        _bench.OnResult = name => throw new RefusedException($"'{name}' can't be used");

        var outcome = await _bench.RunAsync("echo x > ../results/bad; echo libfoo > dependencies; exit 2");

        Assert.That(outcome, Is.EqualTo(new BuildOutcome(BuildStatus.PackageFail)));
        Assert.That(_bench.LogText, Does.Contain("Failed to gather results: 'bad' can't be used\n"));
    }

    [TestCase("printf '  libfoo (>= 2), libbar \\n\\n' > dependencies", "libfoo (>= 2), libbar", null)]
    [TestCase(":", "", "it is not there")]
    [TestCase(": > dependencies", "", "it has to hold one line")]
    [TestCase("printf 'a\\nb\\n' > dependencies", "", "it has to hold one line")]
    [TestCase("printf '\\377' > dependencies", "", "it is not UTF-8")]
    [TestCase("ln -s /etc/hostname dependencies", "", "symbolic link")]
    [TestCase("mkfifo dependencies", "", "pipe")]
    [TestCase("head -c 16385 /dev/zero | tr '\\0' x > dependencies", "", "it has 16385 bytes; 16384 are the most")]
    public async Task What_it_waits_for_is_one_line_of_a_file(string script, string dependencies, string? mistake)
    {
        var outcome = await _bench.RunAsync($"{script}; exit 2");

        Assert.That(outcome, Is.EqualTo(new BuildOutcome(BuildStatus.DepFail, dependencies)));
        Assert.That(
            _bench.LogText, mistake is null ? Does.Not.Contain(
                "can't be used") : Does.Contain($"The file 'dependencies' of the build can't be used: ").And.Contain(mistake));
    }

    [Test]
    public async Task What_it_waits_for_is_told_with_no_other_exit_code()
    {
        Assert.That(await _bench.RunAsync("echo libfoo > dependencies; exit 1"), Is.EqualTo(new BuildOutcome(BuildStatus.PackageFail)));
    }

    [Test]
    public async Task The_last_reading_of_the_status_file_stays()
    {
        await _bench.RunAsync("echo '{\"done\": 7}' > status.tmp; mv status.tmp status");

        Assert.That(((XmlRpcInteger)_bench.Members["done"]).Value, Is.EqualTo((System.Numerics.BigInteger)7));
    }

    [TestCase("sleep 1000 & echo $! > ../pid")]
    [TestCase("setsid sleep 1000 >/dev/null 2>&1 & echo $! > ../pid")]
    [TestCase(
        "(setsid sh -c 'trap \"\" TERM HUP; (sleep 1000 & echo $! > ../pid); sleep 1000' >/dev/null 2>&1 &); while [ ! -s ../pid ]; do "
            + "sleep 0.01; done")]
    public async Task What_it_leaves_running_is_ended(string script)
    {
        Assert.That((await _bench.RunAsync(script)).Status, Is.EqualTo(BuildStatus.Ok));

        var pid = int.Parse(File.ReadAllText(Path.Combine(_bench.Directory, "pid")));
        Assert.That(ProcessTable.Describe(pid)?.State ?? 'X', Is.EqualTo('X').Or.EqualTo('Z'));
    }

    [Test]
    public async Task An_abort_asks_the_whole_group_first()
    {
        using var abort = new CancellationTokenSource();
        var run = _bench.RunAsync(
            "(trap 'sleep 1; echo helper done; exit' TERM; echo ready; while :; do sleep 0.05; done) & wait", abort: abort.Token);
        await Until.TrueAsync(() => _bench.LogText.Contains("ready"));

        await abort.CancelAsync();

        Assert.That((await run).Status, Is.EqualTo(BuildStatus.Aborted));
        Assert.That(
            _bench.LogText, Does.Contain("The build is aborted: it is ended.\n")
                .And.Contain("helper done\n"), "the command's own end is not the end of the helper's time");
        Assert.That(_bench.Cause, Is.EqualTo("aborted"));
        Assert.That(_bench.Added, Is.Empty);
    }

    [Test]
    public async Task An_abort_ends_also_what_does_not_listen_and_has_gone_elsewhere()
    {
        using var abort = new CancellationTokenSource();
        var run = _bench.RunAsync(
            "trap '' TERM; setsid sh -c 'trap \"\" TERM; while :; do sleep 100; done' & echo $! > ../pid; echo ready; while :; do sleep "
                + "100; done", abort: abort.Token);
        await Until.TrueAsync(() => _bench.LogText.Contains("ready"));
        var pid = int.Parse(File.ReadAllText(Path.Combine(_bench.Directory, "pid")));

        await abort.CancelAsync();

        Assert.That((await run).Status, Is.EqualTo(BuildStatus.Aborted));
        Assert.That(ProcessTable.Describe(pid)?.State ?? 'X', Is.EqualTo('X').Or.EqualTo('Z'));
    }

    [TestCase(0.3, 0, "timeout", "taken 0.3 s, which is the limit")]
    [TestCase(0, 0.3, "stalled", "written nothing for 0.3 s, which is the limit")]
    public async Task A_limit_ends_it_as_a_failed_package_without_results(double timeout, double stallTimeout, string cause, string reason)
    {
        var outcome = await _bench.RunAsync(
            "echo x > ../results/half; exec sleep 1000", TimeSpan.FromSeconds(timeout), TimeSpan.FromSeconds(stallTimeout));

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.PackageFail));
        Assert.That(_bench.Cause, Is.EqualTo(cause));
        Assert.That(_bench.LogText, Does.Contain(reason));
        Assert.That(_bench.Added, Is.Empty);
    }

    [TestCase(0.3, 0, "timeout")]
    [TestCase(0, 0.3, "stalled")]
    public async Task The_slave_s_own_limits_count_where_the_plug_in_has_none(double time, double silence, string cause)
    {
        _bench.Limits = new BuildLimits { Time = TimeSpan.FromSeconds(time), Silence = TimeSpan.FromSeconds(silence) };

        Assert.That((await _bench.RunAsync("exec sleep 1000")).Status, Is.EqualTo(BuildStatus.PackageFail));
        Assert.That(_bench.Cause, Is.EqualTo(cause));
    }

    [Test]
    public async Task A_log_that_never_ends_ends_it()
    {
        _bench.Limits = new BuildLimits { LogBytes = 100_000 };

        var outcome = await _bench.RunAsync("while :; do echo much ado about nothing; done");

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.PackageFail));
        Assert.That(_bench.Cause, Is.EqualTo("log"));
        Assert.That(_bench.LogText, Does.Contain("and 100000 are the limit"));
    }

    [Test]
    public async Task A_folder_that_grows_too_large_ends_it()
    {
        _bench.Limits = new BuildLimits { DiskBytes = 8 << 20 };

        var outcome = await _bench.RunAsync(
            "mkdir d; i=0; while [ $i -lt 40 ]; do head -c 1048576 /dev/urandom > d/$i; i=$((i+1)); done; exec sleep 1000");

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.PackageFail));
        Assert.That(_bench.Cause, Is.EqualTo("disk"));
        Assert.That(_bench.LogText, Does.Match(@"The build's folder takes \d+ bytes, and 8388608 are the limit: it is ended\.\n"));
    }

    [Test]
    public async Task What_the_disk_loses_to_others_does_not_end_it()
    {
        _bench.Limits = new BuildLimits { DiskBytes = 8 << 20 };

        var outcome = await _bench.RunAsync("head -c 20000000 /dev/urandom > ../../elsewhere; sleep 3");

        Assert.That((outcome.Status, _bench.Cause), Is.EqualTo((BuildStatus.Ok, (string?)null)));
    }

    [Test]
    public async Task What_it_used_is_in_its_log()
    {
        await _bench.RunAsync("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done");

        Assert.That(_bench.LogText.Split('\n').Count(line => line.StartsWith("The build used: ", StringComparison.Ordinal)), Is.EqualTo(1));
        if (await Machine.HasControlGroupsAsync())
            Assert.That(_bench.LogText, Does.Match(@"The build used: \d+\.\d+ s of processor time, "));
    }

    [Test]
    public async Task What_can_not_be_killed_is_the_builder_s_failure_with_its_name_and_state_and_the_next_build_is_not_concerned()
    {
        Machine.Require(
            CurrentUser.IsRoot && Directory.Exists(Freezer), "root and the version 1 freezer, whose processes not even SIGKILL ends");
        var time = new ManualTimeProvider();
        using var bench = new PlugInBench(time);
        bench.Request = bench.Request with { BuildId = $"FROZEN-{Environment.ProcessId}" };
        var group = Path.Combine(Freezer, $"buildd-test-{Guid.NewGuid():N}");
        Directory.CreateDirectory(group);
        try
        {
            var run = bench.RunAsync(
                "sleep 1000 >/dev/null 2>&1 & while read -r name < /proc/$!/comm; [ $name != sleep ]; do :; done; echo $! > "
                    + $"{group}/cgroup.procs; echo FROZEN > {group}/freezer.state");
            while (!run.IsCompleted)
            {
                if (bench.Phases is [.., "reap"] || bench.Cause is not null) // nothing else is to run out of time
                    time.Advance(TimeSpan.FromSeconds(1));
                await Task.Delay(5, TestContext.CurrentContext.CancellationToken);
            }

            Assert.That((await run).Status, Is.EqualTo(BuildStatus.BuilderFail));
            Assert.That(bench.Cause, Is.EqualTo("reap"));
            Assert.That(bench.LogText, Does.Match(@"still there after 40 s: \d+ \(sleep, state D\)"));
            Assert.That((await _bench.RunAsync("exit 0")).Status, Is.EqualTo(BuildStatus.Ok));
        }
        finally
        {
            await File.WriteAllTextAsync(Path.Combine(group, "freezer.state"), "THAWED");
            await Machine.RemoveControlGroupAsync(group);
            await using var left = ProcessScope.Open("rest");
            foreach (
                var rest in left.JoinFile is { } join ? Directory.GetDirectories(
                    Path.Combine(Path.GetDirectoryName(join)!, ".."), $"buildd-*-{bench.Request.BuildId}") : [])
                await Machine.RemoveControlGroupAsync(rest); // could not be removed with its build
        }
    }

    [Test]
    public async Task A_command_that_has_gone_since_the_start_is_the_builder_s_failure()
    {
        var outcome = await new PlugInBackend(new PlugInOptions { Tag = "test", Command = "/no/such/command" }).Prepare(_bench.Request)
            .RunAsync(_bench, default);

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.BuilderFail));
        Assert.That(_bench.LogText, Does.Contain("/no/such/command").And.Contain("exit code 127"));
    }

    [Test]
    public async Task A_folder_that_can_not_be_made_is_the_builder_s_failure()
    {
        File.WriteAllText(_bench.Work, "in the way");

        Assert.That((await _bench.RunAsync("exit 0")).Status, Is.EqualTo(BuildStatus.BuilderFail));
        Assert.That(_bench.Cause, Is.EqualTo("init"));
    }

    [Test]
    public async Task Names_that_are_no_text_and_deep_folders_are_removed_too()
    {
        var outcome = await _bench.RunAsync("mkdir $(printf 'a\\377'); i=0; while [ $i -lt 2000 ]; do mkdir d; cd d; i=$((i+1)); done");

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.Ok), _bench.LogText);
        Assert.That(Directory.GetFileSystemEntries(_bench.Directory), Is.Empty);
    }

    [Test]
    public async Task What_it_leaves_mounted_is_unmounted()
    {
        Machine.Require(CurrentUser.IsRoot, "root");

        var outcome = await _bench.RunAsync("mkdir m && mount -t tmpfs none m && mkdir m/inner && mount -t tmpfs none m/inner");

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.Ok), _bench.LogText);
        Assert.That(File.ReadAllText("/proc/self/mountinfo"), Does.Not.Contain(_bench.Directory));
        Assert.That(_bench.Phases, Is.EqualTo(new[] { "init", "run", "reap", "gather", "umount", "cleanup" }));
    }
}

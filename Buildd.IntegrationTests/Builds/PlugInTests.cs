using System.Diagnostics;
using System.Text;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Builds;

/// <summary>Kinds of build that are shell scripts, from their files in the folder to the answers on the wire.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(120_000)]
public sealed class PlugInTests : IAsyncDisposable
{
    /// <summary>What the daemon says when it listens; its address follows.</summary>
    private const string Ready = " ready at ";

    private readonly PlugInSlave _slave = new();

    public ValueTask DisposeAsync() => _slave.DisposeAsync();

    [Test]
    public async Task Plug_ins_are_told_behind_the_slave_s_own_kinds_of_build()
    {
        _slave.Add("zebra", "exit 0");
        _slave.Add("adder", "exit 0");
        await _slave.StartAsync();

        var tags = (await _slave.Client.InfoAsync()).BuilderTags;

        Assert.That(tags[0], Is.EqualTo("binarypackage"));
        Assert.That(tags.TakeLast(2), Is.EqualTo(new[] { "adder", "zebra" }));
    }

    [Test]
    public async Task What_it_leaves_is_fetched_over_the_wire_until_clean()
    {
        var status = await _slave.RunAsync("echo working; echo one > ../results/a.txt; cp \"$0\" ../results/script");

        Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.Ok), await _slave.LogAsync());
        Assert.That(status.FileMap!.Keys, Is.EqualTo(new[] { "a.txt", "script" }));
        Assert.That(status.Dependencies, Is.Empty);
        Assert.That(await _slave.ReadAsync(status, "a.txt"), Is.EqualTo("one\n"));
        Assert.That(await _slave.LogAsync(), Does.Contain("\nworking\n"));
        Assert.That(
            ((XmlRpcArray)status.Extra["phases"]).Cast<XmlRpcStruct>().Select(phase => ((XmlRpcString)phase["name"]).Value),
            Is.EqualTo(new[] { "init", "run", "reap", "gather", "cleanup" }));
        Assert.That(Directory.GetDirectories(_slave.HomeDirectory, "build-*"), Is.Empty);

        await _slave.Client.CleanAsync();
        Assert.That((await _slave.Client.StatusAsync()).Extra, Is.Empty);
    }

    [TestCase("exit 1", BuildStatus.PackageFail, "exit 1")]
    [TestCase("exit 3", BuildStatus.GivenBack, "exit 3")]
    [TestCase("exit 4", BuildStatus.ChrootFail, "exit 4")]
    [TestCase("exit 99", BuildStatus.BuilderFail, "exit 99")]
    [TestCase("kill -SEGV $$", BuildStatus.BuilderFail, "signal 11")]
    public async Task The_exit_code_is_the_build_s_status(string end, BuildStatus expected, string cause)
    {
        var status = await _slave.RunAsync("echo x > ../results/x; " + end);

        Assert.That(status.BuildStatus, Is.EqualTo(expected));
        Assert.That(((XmlRpcString)status.Extra["failure_cause"]).Value, Is.EqualTo(cause));
        Assert.That(status.FileMap?.Keys, expected == BuildStatus.PackageFail ? Is.EqualTo(new[] { "x" }) : Is.Null);
    }

    [Test]
    public async Task A_build_can_wait_for_something()
    {
        var status = await _slave.RunAsync("echo 'libfoo-dev (>= 2:1.0)' > dependencies; exit 2");

        Assert.That((status.BuildStatus, status.Dependencies), Is.EqualTo((BuildStatus.DepFail, "libfoo-dev (>= 2:1.0)")));
        Assert.That(status.FileMap, Is.Empty);
    }

    [Test]
    public async Task It_gets_what_the_master_sent()
    {
        Machine.Require(File.Exists("/usr/bin/jq"), "/usr/bin/jq: install jq");
        _slave.Add("test", "cat > ../results/request; cat \"$(jq -r '.files[\"in put\"]' ../results/request)\" > ../results/copy");
        await _slave.StartAsync();

        await _slave.BuildAsync(
            "test",
            new XmlRpcStruct
            {
                ["suite"] = "sid",
                ["secret"] = "hush",
                ["n"] = 3,
                ["deep"] = new XmlRpcArray([true, XmlRpcNil.Instance, new byte[] { 1 }]),
            },
            ("in put", "content"));
        var status = await _slave.WaitAsync();

        Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.Ok), await _slave.LogAsync());
        Assert.That(await _slave.ReadAsync(status, "copy"), Is.EqualTo("content"));
        var request = await _slave.ReadAsync(status, "request");
        Assert.That(request, Does.StartWith(
            "{\"build_id\":\"PLUGIN-1\",\"tag\":\"test\",\"series\":\"sid\",\"arch_tag\":\"riscv64\","
            + "\"args\":{\"suite\":\"sid\",\"secret\":\"hush\",\"n\":3,\"deep\":[true,null,\"AQ==\"]},\"files\":{\"in put\":\""));
        Assert.That(await _slave.LogAsync(), Does.Not.Contain("hush"));
    }

    [Test]
    public async Task A_build_without_a_series_is_refused_and_the_slave_stays_idle()
    {
        _slave.Add("test", "exit 0");
        await _slave.StartAsync();

        Assert.That(async () => await _slave.BuildAsync("test", []), Throws.InstanceOf<SlaveException>());
        Assert.That((await _slave.Client.StatusAsync()).Status, Is.EqualTo(BuilderStatus.Idle));
    }

    [Test]
    public async Task What_it_tells_meanwhile_is_in_the_status_call()
    {
        _slave.Add(
            "test", $"tell() {{ echo \"$1\" > s; mv s status; }}; tell '{{\"step\": 1, \"once\": true}}'; while [ ! -e {_slave["go"]} "
                + $"]; do sleep 0.05; done; tell '{{\"step\": 2}}'");
        await _slave.StartAsync();
        await _slave.BuildAsync("test");

        var during = await PlugInSlave.UntilAsync(_slave.Client, status => status.Extra.ContainsKey("step"));
        await File.WriteAllTextAsync(_slave["go"], "");
        var after = await _slave.WaitAsync();

        Assert.That(during.Status, Is.EqualTo(BuilderStatus.Building));
        Assert.That(during.Extra.ContainsKey("once"));
        Assert.That(((XmlRpcInteger)after.Extra["step"]).Value, Is.EqualTo((System.Numerics.BigInteger)2));
        Assert.That(after.Extra.ContainsKey("once"), Is.False);
    }

    [Test]
    public async Task An_abort_takes_ten_seconds_with_what_does_not_listen_and_leaves_nothing()
    {
        _slave.Add(
            "test",
            $"trap '' TERM; (setsid sh -c 'trap \"\" TERM; echo $$ > {_slave["far"]}; while :; do sleep 100; done' &); while [ ! -s "
                + $"{_slave["far"]} ]; do sleep 0.01; done; "
            + $"echo $$ > {_slave["near"]}; echo ready; while :; do sleep 100; done");
        await _slave.StartAsync();
        await _slave.BuildAsync("test");
        await _slave.HeardAsync("\nready\n");
        var pids = new[] { "near", "far" }.Select(name => int.Parse(File.ReadAllText(_slave[name]))).ToList();
        var start = Stopwatch.GetTimestamp();

        Assert.That((await _slave.Client.AbortAsync()).Status, Is.EqualTo(BuilderStatus.Aborting));
        var status = await _slave.WaitAsync();

        Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.Aborted), await _slave.LogAsync());
        Assert.That(((XmlRpcString)status.Extra["failure_cause"]).Value, Is.EqualTo("aborted"));
        Assert.That(Stopwatch.GetElapsedTime(start), Is.GreaterThan(TimeSpan.FromSeconds(9)), "it had its time");
        Assert.That(pids.Select(ProcessTable.Describe).Where(process => process is { State: not 'Z' }), Is.Empty);
        Assert.That(Directory.GetDirectories(_slave.HomeDirectory, "build-*"), Is.Empty);
    }

    [TestCase("timeout = 1", "while :; do echo busy; sleep 0.1; done", "timeout", "taken 1 s, which is the limit")]
    [TestCase("stall-timeout = 1", "echo quiet; sleep 1000", "stalled", "written nothing for 1 s, which is the limit")]
    public async Task A_limit_of_its_file_ends_it(string limit, string script, string cause, string reason)
    {
        var status = await _slave.RunAsync(script, limit);

        Assert.That(
            (status.BuildStatus, ((XmlRpcString)status.Extra["failure_cause"]).Value), Is.EqualTo((BuildStatus.PackageFail, cause)));
        Assert.That(await _slave.LogAsync(), Does.Contain(reason));
    }

    [Test]
    public async Task A_name_that_no_result_can_have_is_PACKAGEFAIL()
    {
        var status = await _slave.RunAsync("touch \"../results/$(printf 'a\\nb')\"");

        Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.PackageFail));
        Assert.That(await _slave.LogAsync(), Does.Contain("\nFailed to gather results: ").And.Contain("control character"));
    }

    [Test]
    public async Task Files_that_can_not_be_used_keep_the_slave_from_starting()
    {
        await File.WriteAllTextAsync(Path.Combine(_slave.BackendsDirectory, "a.conf"), "[backend]\ntag = a\ncommand = foo\n");
        await File.WriteAllTextAsync(
            Path.Combine(_slave.BackendsDirectory, "b.conf"), "[backend]\ntag = binarypackage\ncommand = /bin/true\ntimeout = never\n");
        var output = new StringBuilder();

        var result = await ProcessRunner.RunAsync(Daemon(), bytes => output.Append(Encoding.UTF8.GetString(bytes)));

        Assert.That(result.ExitCode, Is.EqualTo(78));
        Assert.That(output.ToString(), Does.Contain(
            $"\n  {_slave.BackendsDirectory}/a.conf: line 3: command 'foo' is not an absolute path\n")
            .And.Contain($"\n  {_slave.BackendsDirectory}/b.conf: line 4: timeout is 'never'")
            .And.Contain("b.conf: line 2: the tag 'binarypackage' is taken by buildd-slave itself"));
    }

    [Test]
    public async Task What_a_killed_slave_left_running_is_ended_when_it_comes_back()
    {
        _slave.Add(
            "test", $"setsid sh -c 'trap \"\" TERM; echo $$ > {_slave["pid"]}; cd /; sleep 1000' & while [ ! -s {_slave["pid"]} ] || [ "
                + $"! -e {_slave["go"]} ]; do sleep 0.01; done; kill -9 $PPID; sleep 1000");
        using var http = new HttpClient();
        await using var killed = await RunningProgram.StartAsync(Daemon(), Ready);
        await _slave.BuildAsync(await ClientOfAsync(http, killed), "test");
        await File.WriteAllTextAsync(_slave["go"], "");
        Assert.That(await killed.EndAsync(), Is.EqualTo(128 + 9), killed.Output);
        var pid = int.Parse(await File.ReadAllTextAsync(_slave["pid"]));
        Assert.That(ProcessTable.Describe(pid), Is.Not.Null.And.Property("State").Not.EqualTo('Z'));

        await using var next = await RunningProgram.StartAsync(Daemon(), Ready);
        var status = await PlugInSlave.UntilAsync(await ClientOfAsync(http, next), found => found.Status == BuilderStatus.Waiting);
        await next.StopAsync();

        Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.BuilderFail));
        Assert.That(ProcessTable.Describe(pid)?.State ?? 'X', Is.EqualTo('X').Or.EqualTo('Z'));
        Assert.That(Directory.GetDirectories(_slave.HomeDirectory, "build-*"), Is.Empty);
    }

    [TestCase("samples/plugin/digest")]
    [TestCase("samples/plugin/digest.conf")]
    public void The_documentation_shows_the_example_as_it_is(string file) =>
        Assert.That(
            File.ReadAllText(Path.Combine(Repository.Root, "docs/plugins.md")),
            Does.Contain("\n" + File.ReadAllText(Path.Combine(Repository.Root, file)) + "```\n"));

    [Test]
    public async Task The_example_works_as_it_stands_in_the_documentation()
    {
        Machine.Require(File.Exists("/usr/bin/jq"), "/usr/bin/jq: install jq");
        var folder = Path.Combine(Repository.Root, "samples/plugin");
        var configuration = await File.ReadAllTextAsync(Path.Combine(folder, "digest.conf"));
        await File.WriteAllTextAsync(
            Path.Combine(_slave.BackendsDirectory, "digest.conf"),
            configuration.Replace("/usr/local/lib/buildd/digest", Path.Combine(folder, "digest"), StringComparison.Ordinal));
        await _slave.StartAsync();

        await _slave.BuildAsync("digest", null, ("b.txt", "abc"), ("a file", ""));
        var status = await _slave.WaitAsync();

        Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.Ok), await _slave.LogAsync());
        Assert.That((await _slave.ReadAsync(status, "SHA256SUMS")).Split('\n'), Is.EquivalentTo(new[]
        {
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b.txt", // FIPS 180-2's own example
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a file",
            "",
        }));
        Assert.That(((XmlRpcInteger)status.Extra["done"]).Value, Is.EqualTo((System.Numerics.BigInteger)2));
        await _slave.Client.CleanAsync();

        await _slave.BuildAsync("digest");
        status = await _slave.WaitAsync();
        Assert.That(
            (status.BuildStatus, status.Dependencies), Is.EqualTo((BuildStatus.DepFail, "at-least-one-file")), await _slave.LogAsync());
    }

    private static async Task<SlaveClient> ClientOfAsync(HttpClient http, RunningProgram daemon) =>
        new(http, new SlaveClientOptions { Url = new Uri(await daemon.LineAfterAsync(Ready)) });

    private Command Daemon() => Command.Of(Repository.Program("buildd-slave"), "--config", _slave.ConfigurationPath);
}

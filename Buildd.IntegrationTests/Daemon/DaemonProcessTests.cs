using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Buildd.Linux.Processes;
using Buildd.Protocol.Client;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using Buildd.Testing.Servers;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Daemon;

/// <summary>The program around the slave: its options, its signals, its log, and what it tells systemd.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(120_000)]
public sealed class DaemonProcessTests : IAsyncDisposable
{
    private readonly DaemonProcess _daemon = new();

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    [Test]
    public async Task SIGHUP_opens_the_log_again_after_it_was_renamed()
    {
        await _daemon.StartAsync(_daemon.Command(_daemon.Configuration($"log = {_daemon["slave.log"]}\ntypo = 1")));
        await Until.TrueAsync(() => File.ReadAllText(_daemon["slave.log"]).Contains(" listens at ", StringComparison.Ordinal));
        File.Move(_daemon["slave.log"], _daemon["slave.log.1"]);

        await _daemon.SignalAsync("HUP");
        await Until.TrueAsync(() => File.Exists(_daemon["slave.log"]) && new FileInfo(_daemon["slave.log"]).Length > 0);
        var old = await File.ReadAllTextAsync(_daemon["slave.log.1"]);
        await RefusedCallAsync();
        await Until.TrueAsync(() => File.ReadAllText(_daemon["slave.log"]).Contains("abort was refused", StringComparison.Ordinal));

        Assert.That(await File.ReadAllTextAsync(_daemon["slave.log.1"]), Is.EqualTo(old));
        Assert.That(old, Does.Contain(" warning ").And.Contain("line 7: nothing reads the key 'typo'"));
        Assert.That(
            File.GetUnixFileMode(_daemon["slave.log"]),
            Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead));
        Assert.That(_daemon.Output, Does.Not.Contain("abort was refused"));
    }

    [Test]
    public async Task SIGHUP_without_a_log_file_changes_nothing_and_SIGTERM_ends_it()
    {
        await _daemon.StartAsync(_daemon.Command(_daemon.Configuration("")));

        await _daemon.SignalAsync("HUP");
        await RefusedCallAsync();
        await _daemon.SaysAsync(" warning Buildd.Slave.Http.RpcEndpoint: abort was refused");
        await _daemon.SignalAsync("TERM");

        Assert.That(await _daemon.EndAsync(), Is.Zero);
    }

    [TestCase("default.conf")]
    [TestCase("interpolation.conf")]
    public async Task A_section_DEFAULT_counts_as_with_the_reference(string name)
    {
        var configuration = await File.ReadAllTextAsync(Cases.PathOf("ini-default-section", name));

        Assert.That(await _daemon.RunAsync(_daemon.Command(configuration, "--check")), Is.Zero, _daemon.Output);
    }

    [TestCase("000")]
    [TestCase("027")]
    [TestCase("077")]
    public async Task The_mask_of_whoever_starts_it_changes_no_mode(string mask)
    {
        await _daemon.StartAsync(
            _daemon.Command(_daemon.Configuration("")).Behind("sh", "-c", $"umask {mask}; exec \"$@\"", "sh"));

        Assert.That(
            File.GetUnixFileMode(_daemon["home/builder.lock"]),
            Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead));
        Assert.That(
            File.GetUnixFileMode(_daemon["filecache"]) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute),
            Is.EqualTo(UnixFileMode.None));
    }

    [Test]
    public async Task A_second_slave_on_a_cache_says_so_in_one_sentence_and_touches_nothing()
    {
        await _daemon.StartAsync(_daemon.Command(_daemon.Configuration("")));
        await using var second = new DaemonProcess();
        var log = _daemon["filecache/buildlog"];
        await File.WriteAllTextAsync(log, "the first's");
        await File.WriteAllTextAsync(
            second["home/builder.journal"], """{"Version":1,"Status":"Idle","Dependencies":"","Results":[],"OwnSums":[],"Extra":""}""");

        var code = await second.RunAsync(
            second.Command(second.Configuration("").Replace(second["filecache"], _daemon["filecache"], StringComparison.Ordinal)));

        Assert.That(code, Is.EqualTo(78));
        Assert.That(
            second.Output.Trim().Split('\n').Where(line => !line.Contains(" info ", StringComparison.Ordinal)),
            Is.EqualTo(new[]
            {
                $"buildd-slave: the file cache '{_daemon["filecache"]}' is another slave's that runs: give each a cache of its own",
            }));
        Assert.That(File.Exists(log), "it is the first's");
    }

    [Test]
    public async Task The_log_can_be_objects()
    {
        await _daemon.StartAsync(_daemon.Command(_daemon.Configuration($"log = {_daemon["slave.log"]}\nlog-format = json")));
        await RefusedCallAsync();
        await Until.TrueAsync(() => File.ReadAllText(_daemon["slave.log"]).Contains("refused", StringComparison.Ordinal));
        await _daemon.SignalAsync("TERM");
        await _daemon.EndAsync();

        var entries = File.ReadLines(_daemon["slave.log"]).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var refused = entries.Single(entry => entry.GetProperty("message").GetString()!.Contains("refused", StringComparison.Ordinal));
        Assert.That(refused.GetProperty("level").GetString(), Is.EqualTo("warning"));
        Assert.That(refused.GetProperty("values").GetProperty("Method").GetString(), Is.EqualTo("abort"));
    }

    [Test]
    [TestCase("TERM", Description = "systemd's")]
    [TestCase("INT", Description = "a terminal's")]
    [TestCase("QUIT", Description = "a terminal's")]
    public async Task Systemd_is_notified_when_it_listens_reloads_and_stops(string signal)
    {
        using var socket = new NotifySocket();

        await _daemon.StartAsync(_daemon.Command(_daemon.Configuration("")).WithEnvironment("NOTIFY_SOCKET", socket.Address));
        var url = _daemon.Url.ToString().TrimEnd('/');
        Assert.That(await socket.ReceiveAsync(), Is.EqualTo("READY=1"));
        Assert.That(await socket.ReceiveAsync(), Is.EqualTo($"STATUS=idle; listens at {url}"));
        await _daemon.SignalAsync("HUP");
        Assert.That(await socket.ReceiveAsync(), Does.Match("^RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]*$"));
        Assert.That(await socket.ReceiveAsync(), Is.EqualTo("READY=1"));
        await _daemon.SignalAsync(signal);
        Assert.That(await socket.ReceiveAsync(), Is.EqualTo("STOPPING=1"));
        Assert.That(await _daemon.EndAsync(), Is.Zero);
        Assert.That(socket.IsEmpty);
    }

    [Test]
    public async Task A_systemd_that_does_not_listen_is_one_warning_and_no_reason_to_stop()
    {
        await _daemon.StartAsync(_daemon.Command(_daemon.Configuration("")).WithEnvironment("NOTIFY_SOCKET", _daemon["none"]));

        await _daemon.SaysAsync("systemd could not be notified of READY=1");
        await _daemon.SignalAsync("HUP");
        await RefusedCallAsync();
        await _daemon.SignalAsync("TERM");
        Assert.That(await _daemon.EndAsync(), Is.Zero);
        Assert.That(_daemon.Output.Split("could not be notified"), Has.Length.EqualTo(2), _daemon.Output);
        Assert.That(_daemon.Output, Does.Not.Contain(" error "));
    }

    [Test]
    public async Task An_address_of_another_machine_is_said_in_a_sentence()
    {
        var configuration = _daemon.Configuration("").Replace("127.0.0.1", "192.0.2.1", StringComparison.Ordinal); // RFC 5737: nobody's

        Assert.That(await _daemon.RunAsync(_daemon.Command(configuration)), Is.EqualTo(1));

        Assert.That(
            _daemon.Output.TrimEnd().Split('\n')[^1],
            Is.EqualTo("buildd-slave: can't listen: Cannot assign requested address; bindhost and bindport name the address"));
    }

    [Test]
    public async Task In_the_journal_lines_have_priorities_and_no_time()
    {
        Machine.Require(File.Exists("/usr/bin/python3"), "/usr/bin/python3");
        // What systemd does: standard output is a socket, and the variable names it.
        var script = Scripts.Text(typeof(DaemonProcessTests), "Daemon/journal.py");

        var command = _daemon.Command(_daemon.Configuration("typo = 1"));
        var text = await ProcessRunner.CaptureAsync(command.Behind("/usr/bin/python3", "-c", script));

        Assert.That(text.Split('\n'), Has.One.Match("^<4>warning Buildd.Daemon.SlaveProgram: .*nothing reads the key 'typo'"));
    }

    [Test]
    public async Task The_configuration_can_be_checked()
    {
        Assert.That(await _daemon.RunAsync(_daemon.Command(_daemon.Configuration("typo = 1\nmetrics = no"), "--check")), Is.Zero);

        Assert.That(_daemon.Output, Does.Contain("listens on 127.0.0.1:0").And.Contain($"file cache: {_daemon["filecache"]}")
            .And.Contain("warning: ").And.Contain("line 6: nothing reads the key 'typo'").And.Not.Contain("ready at"));
    }

    [TestCase("--check")]
    [TestCase("--until-stdin-closes")]
    public async Task A_configuration_that_can_not_be_used_is_told_whole_with_a_code_of_its_own(string option)
    {
        Assert.That(await _daemon.RunAsync(_daemon.Command("[builder]\nfilecache = /none\nmetrics = maybe", option)), Is.EqualTo(78));

        Assert.That(
            _daemon.Output, Does.Contain("bindport is missing").And.Contain("'/none' is not a folder").And.Contain("metrics is 'maybe'"));
    }

    [Test]
    public async Task A_log_that_can_not_be_opened_is_a_mistake_of_the_configuration()
    {
        File.CreateSymbolicLink(_daemon["slave.log"], _daemon["none/slave.log"]);

        Assert.That(await _daemon.RunAsync(_daemon.Command(_daemon.Configuration($"log = {_daemon["slave.log"]}"))), Is.EqualTo(78));
        Assert.That(_daemon.Output, Does.Contain($"the log '{_daemon["slave.log"]}' can't be opened"));
    }

    [Test]
    public async Task The_version_is_the_one_of_the_package()
    {
        var changelog = File.ReadLines(Path.Combine(Repository.Root, "debian", "changelog")).First();
        var version = changelog.Split('(')[1].Split(')')[0];

        Assert.That(await _daemon.RunAsync(_daemon.Command("", "--version")), Is.Zero);
        Assert.That(_daemon.Output.Split('\n')[0], Is.EqualTo(version));

        await using var other = new DaemonProcess();
        await other.StartAsync(other.Command(other.Configuration("")));
        using var http = new HttpClient();
        var status = await new SlaveClient(http, new SlaveClientOptions { Url = other.Url }).StatusAsync();
        Assert.That(status.BuilderVersion, Is.EqualTo(version));
    }

    [Test]
    public async Task Where_the_native_compiler_is_served_the_program_is_native_code()
    {
        var form = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 or Architecture.Arm64 => "native code",
            Architecture.Arm => "one file with machine code (ReadyToRun)",
            _ => "one file that is compiled while it runs",
        };

        Assert.That(await _daemon.RunAsync(_daemon.Command("", "--version", "--verbose")), Is.Zero);
        Assert.That(_daemon.Output.Split('\n')[1], Does.Match($@"^{Regex.Escape(form)} for linux-\w+, \.NET 10\.[0-9.]+$"));

        await using var other = new DaemonProcess();
        Assert.That(await other.RunAsync(other.Command("", "--verbose")), Is.EqualTo(1), "it goes with --version only");
    }

    [Test]
    public async Task Health_and_figures_are_served_beside_the_calls()
    {
        await _daemon.StartAsync(_daemon.Command(_daemon.Configuration("freespacefloor = 0")));
        await RefusedCallAsync();
        using var http = new HttpClient { BaseAddress = _daemon.Url };

        Assert.That(await http.GetStringAsync("healthz"), Is.EqualTo("""{"status":"ok"}"""));
        var figures = (await http.GetStringAsync("metrics")).Split('\n');
        Assert.That(
            figures, Has.Member("buildd_builder_state{state=\"idle\"} 1")
                .And.Member("buildd_calls_total{method=\"abort\",outcome=\"refused\"} 1"));
        using var head = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "metrics"));
        Assert.That(head.Content.Headers.ContentType?.ToString(), Is.EqualTo("text/plain; version=0.0.4; charset=utf-8"));
    }

    private async Task RefusedCallAsync()
    {
        using var http = new HttpClient();
        var client = new SlaveClient(http, new SlaveClientOptions { Url = _daemon.Url });
        Assert.That(async () => await client.AbortAsync(), Throws.InstanceOf<SlaveException>());
    }
}

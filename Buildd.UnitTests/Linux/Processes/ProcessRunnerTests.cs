using System.Diagnostics;
using System.Globalization;
using System.Text;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Linux.Processes;

[Parallelizable(ParallelScope.All)]
[CancelAfter(60_000)]
public class ProcessRunnerTests
{
    [TestCase(0, true, "exit code 0")]
    [TestCase(3, false, "exit code 3")]
    public async Task An_exit_code_is_a_result(int code, bool succeeded, string words)
    {
        var result = await ProcessRunner.RunAsync(TestProgram.Command("exit", $"{code}"), _ => { });

        Assert.Multiple(() =>
        {
            Assert.That(result.ExitCode, Is.EqualTo(code));
            Assert.That(result.Succeeded, Is.EqualTo(succeeded));
            Assert.That(result.Describe(), Is.EqualTo(words));
            Assert.That(result.OutputComplete);
        });
    }

    [Test]
    public async Task Death_by_a_signal_is_told()
    {
        var result = await ProcessRunner.RunAsync(Command.Of("sh", "-c", "kill -9 $$"), _ => { });

        Assert.That(result.Describe(), Is.EqualTo("signal 9"));
    }

    [Test]
    public async Task Both_streams_arrive_in_the_order_they_were_written()
    {
        var output = new Output();

        await ProcessRunner.RunAsync(TestProgram.Command("print", "50"), output.Write);

        Assert.That(output.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            Is.EqualTo(Enumerable.Range(0, 50).Select(i => $"line {i}")));
    }

    [Test]
    public async Task Large_output_arrives_whole()
    {
        long count = 0;

        await ProcessRunner.RunAsync(TestProgram.Command("pour", "20000"), bytes => count += bytes.Length);

        Assert.That(count, Is.EqualTo(20000L * 1024));
    }

    [Test]
    public async Task Standard_input_is_what_the_command_gives()
    {
        var output = new Output();

        await ProcessRunner.RunAsync(TestProgram.Command("cat") with { StandardInput = "hello"u8.ToArray() }, output.Write);

        Assert.That(output.Text, Is.EqualTo("hello"));
    }

    [Test]
    public async Task Without_input_a_process_reads_nothing()
    {
        var output = new Output();

        var result = await ProcessRunner.RunAsync(TestProgram.Command("cat"), output.Write);

        Assert.That((result.ExitCode, output.Text), Is.EqualTo((0, "")));
    }

    [Test]
    public async Task A_process_that_does_not_read_its_input_is_no_failure()
    {
        var result = await ProcessRunner.RunAsync(
            TestProgram.Command("exit", "0") with { StandardInput = new byte[1 << 20] }, _ => { });

        Assert.That(result.Succeeded);
    }

    [Test]
    public async Task The_environment_is_set_and_removed()
    {
        var command = TestProgram.Command("show", "GREETING").WithEnvironment("GREETING", "good day");

        Assert.That(await ProcessRunner.CaptureAsync(command), Is.EqualTo("good day\n"));
        Assert.That(
            await ProcessRunner.CaptureAsync(TestProgram.Command("show", "LANG").WithEnvironment("LANG", null)), Is.EqualTo("(unset)\n"));
    }

    [Test]
    public async Task The_environment_can_be_all_that_is_set()
    {
        await using var scope = ProcessScope.Open("environment", withControlGroup: false);
        var command = Command.Of("env") with { InheritsEnvironment = false };
        var (bare, marked) = (new Output(), new Output());

        await ProcessRunner.RunAsync(command.WithEnvironment("PATH", "/usr/bin:/bin").WithEnvironment("GREETING", "good day"), bare.Write);
        await ProcessRunner.RunAsync(command.WithEnvironment("PATH", "/usr/bin:/bin"), marked.Write, scope);

        Assert.That(Names(bare.Text).Except(["BUILDD_SCOPE"]), Is.EquivalentTo(new[] { "PATH", "GREETING", "PWD" }), "PWD is the shell's");
        Assert.That(Names(marked.Text), Is.EquivalentTo(new[] { "PATH", "BUILDD_SCOPE", "PWD" }));

        static IEnumerable<string> Names(string text) =>
            text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=')[0]);
    }

    [Test]
    public async Task Input_that_nobody_reads_and_something_left_behind_holds_is_not_waited_for()
    {
        await using var scope = ProcessScope.Open("unread");

        var result = await ProcessRunner.RunAsync(
            Command.Of("sh", "-c", "sleep 1000 <&0 >/dev/null 2>&1 &") with { StandardInput = new byte[1 << 20] }, _ => { }, scope);

        Assert.That(result.Succeeded);
        Assert.That(scope.Alive(), Is.Not.Empty);
    }

    [Test]
    public async Task An_exit_code_that_the_launcher_has_too_is_the_program_s_own() =>
        Assert.That((await ProcessRunner.RunAsync(TestProgram.Command("exit", "125"), _ => { })).Describe(), Is.EqualTo("exit code 125"));

    [TestCase(false)]
    [TestCase(true)]
    public async Task Being_asked_to_stop_reaches_the_group_if_the_command_says_so(bool group)
    {
        await using var scope = ProcessScope.Open("group");
        using var stop = new CancellationTokenSource();
        var output = new Output(text =>
        {
            if (text.Contains("ready", StringComparison.Ordinal))
                stop.Cancel();
        });
        var command = Command.Of(
            "sh", "-c", "sh -c \"trap 'echo helper heard; exit' TERM; echo ready; while :; do sleep 0.05; done\" & wait $!; echo over")
            with
        { StopsGroup = group, StopGrace = TimeSpan.FromSeconds(30) };

        Assert.That(
            async () =>
                await ProcessRunner.RunAsync(command, output.Write, scope, stop.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(output.Text.Contains("helper heard", StringComparison.Ordinal), Is.EqualTo(group));
    }

    [Test]
    public async Task Runs_in_the_folder_asked_for()
    {
        using var folder = new TemporaryDirectory();

        var text = await ProcessRunner.CaptureAsync(TestProgram.Command("show", "PWD") with { WorkingDirectory = folder.Path });

        Assert.That(text.Trim(), Is.EqualTo(folder.Path));
    }

    [Test]
    public void A_folder_that_is_not_there_is_named() =>
        Assert.That(
            async () => await ProcessRunner.RunAsync(Command.Of("true") with { WorkingDirectory = "/no/such/folder" }, _ => { }),
            Throws.TypeOf<ProcessException>().With.Message.Contains("/no/such/folder"));

    [Test]
    public async Task A_program_that_is_not_there_ends_with_127()
    {
        var output = new Output();

        var result = await ProcessRunner.RunAsync(Command.Of("no-such-program-of-ours"), output.Write);

        Assert.That(result.ExitCode, Is.EqualTo(127));
        Assert.That(output.Text, Does.Contain("no-such-program-of-ours"));
    }

    [Test]
    public void An_argument_with_a_NUL_is_refused() =>
        Assert.That(async () => await ProcessRunner.RunAsync(Command.Of("echo", "a\0b"), _ => { }), Throws.TypeOf<ProcessException>());

    [Test]
    public void A_captured_failure_tells_command_code_and_standard_error() =>
        Assert.That(
            async () => await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", "echo out; echo why >&2; exit 4")),
            Throws.TypeOf<ProcessException>().With.Message.Contains("exit code 4: why"));

    [Test]
    public async Task Has_a_session_of_its_own()
    {
        var text = await ProcessRunner.CaptureAsync(
            Command.Of("sh", "-c", "read -r pid name state parent group session rest < /proc/$$/stat; echo $pid $group $session"));

        Assert.That(text.Trim().Split(' ').Distinct().Count(), Is.EqualTo(1), text);
    }

    [Test]
    public void A_writer_that_fails_does_not_hang_the_process_and_its_failure_is_told() =>
        Assert.That(
            async () => await ProcessRunner.RunAsync(TestProgram.Command("pour", "5000"), _ => throw new IOException("disk full")),
            Throws.TypeOf<IOException>().With.Message.EqualTo("disk full"));

    [Test]
    public async Task Stopping_asks_first()
    {
        await using var scope = ProcessScope.Open("test");
        var (pid, run, stop) = await StartAsync(scope, TestProgram.Command("stop-politely", "60"), "listening");

        var clock = Stopwatch.StartNew();
        await stop.CancelAsync();

        Assert.That(async () => await run, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(clock.Elapsed, Is.LessThan(Command.DefaultStopGrace));
        Assert.That(IsAlive(pid), Is.False);
    }

    [Test]
    public async Task Who_does_not_listen_is_killed()
    {
        await using var scope = ProcessScope.Open("test");
        var (pid, run, stop) = await StartAsync(
            scope, TestProgram.Command("ignore-signals", "60") with { StopGrace = TimeSpan.FromMilliseconds(200) }, "deaf");

        await stop.CancelAsync();

        Assert.That(async () => await run, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(IsAlive(pid), Is.False);
    }

    [Test]
    public async Task A_pipe_held_open_by_what_was_left_behind_does_not_hold_us()
    {
        var output = new Output();
        var clock = Stopwatch.StartNew();

        var result = await ProcessRunner.RunAsync(TestProgram.Command("leak", "60"), output.Write);

        Assert.That(result.ExitCode, Is.Zero);
        Assert.That(result.OutputComplete, Is.False);
        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(30)));
        if (await Machine.HasControlGroupsAsync())
            Assert.That(
                IsAlive(int.Parse(output.Text.Split(' ')[1], CultureInfo.InvariantCulture)), Is.False,
                "the scope of its own was ended with it");
    }

    [Test]
    public void A_token_that_is_cancelled_before_starts_nothing() =>
        Assert.That(
            async () => await ProcessRunner.RunAsync(Command.Of("true"), _ => { }, null, new CancellationToken(true)),
            Throws.InstanceOf<OperationCanceledException>());

    private static async Task<(
        int Pid, Task Run, CancellationTokenSource Stop)> StartAsync(ProcessScope scope, Command command, string sign)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var stop = new CancellationTokenSource();
        var output = new Output(text =>
        {
            if (text.Contains(sign, StringComparison.Ordinal))
                ready.TrySetResult();
        });
        var run = ProcessRunner.RunAsync(command, output.Write, scope, stop.Token);
        await ready.Task;
        var pid = scope.Alive().Select(p => p.Pid).FirstOrDefault();
        return (pid, run, stop);
    }

    private static bool IsAlive(int pid) => pid != 0 && ProcessTable.Describe(pid) is { State: not ('Z' or 'X') };

    /// <summary>Collects output as text.</summary>
    private sealed class Output(Action<string>? look = null)
    {
        private readonly StringBuilder _text = new();

        public string Text => _text.ToString();

        public void Write(ReadOnlySpan<byte> bytes)
        {
            _text.Append(Encoding.UTF8.GetString(bytes));
            look?.Invoke(Text);
        }
    }

    [Test]
    public async Task A_program_that_can_not_be_signalled_hears_at_the_end_of_its_input_that_it_is_to_stop(
        CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var heard = new StringBuilder();
        var run = ProcessRunner.RunAsync(
            Command.Of("sh", "-c", "trap '' TERM; echo ready; cat; echo over") with
            {
                StandardInput = Encoding.UTF8.GetBytes("input\n"),
                KeepsStandardInputOpen = true,
                StopGrace = Timeout.InfiniteTimeSpan,
            },
            bytes =>
            {
                heard.Append(Encoding.UTF8.GetString(bytes));
                if (heard.ToString().Contains("input", StringComparison.Ordinal))
                    stop.Cancel();
            },
            null, stop.Token);

        Assert.That(async () => await run, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(heard.ToString(), Is.EqualTo("ready\ninput\nover\n"));
    }

    [Test]
    public async Task Standard_error_can_be_kept_apart()
    {
        var (output, errors) = (new System.Text.StringBuilder(), new System.Text.StringBuilder());

        var result = await ProcessRunner.RunSeparatedAsync(
            Command.Of("sh", "-c", "echo out; echo err >&2; exit 249"),
            bytes => output.Append(System.Text.Encoding.UTF8.GetString(bytes)),
            bytes => errors.Append(System.Text.Encoding.UTF8.GetString(bytes)));

        Assert.That((output.ToString(), errors.ToString(), result.Describe()), Is.EqualTo(("out\n", "err\n", "exit code 249")));
    }
}

using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Testing;

/// <summary>The helper with which tests start programs: a mistake in it would show as mistakes of what they test.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(60_000)]
public sealed class RunningProgramTests
{
    [Test]
    public async Task It_is_there_when_it_has_said_so_and_its_number_is_known()
    {
        await using var program = await RunningProgram.StartAsync(Shell("echo before >&2; echo ready at $$; sleep 1000"), "ready at");

        Assert.That(await program.LineAfterAsync("ready at "), Is.EqualTo($"{program.ProcessId}"));
        Assert.That(program.Output, Is.EqualTo($"before\nready at {program.ProcessId}\n"));
        Assert.That(program.Ended.IsCompleted, Is.False);
    }

    [Test]
    public void One_that_ends_before_it_is_ready_fails_with_what_it_has_said() => Assert.That(
        async () => await RunningProgram.StartAsync(Shell("echo no port >&2; exit 3"), "ready"),
        Throws.InvalidOperationException
            .With.Message.Contains(" ended with 3 ").And.Message.Contains("'ready'").And.Message.Contains("no port\n"));

    [Test]
    public async Task A_signal_goes_to_it_alone()
    {
        await using var program = await RunningProgram.StartAsync(
            Shell("sh -c \"trap 'echo inner' TERM; echo ready; while :; do sleep 0.1; done\" & trap 'echo outer; exit 5' TERM; wait"),
            "ready");

        await program.SignalAsync("TERM");

        Assert.That(await program.EndAsync(), Is.EqualTo(5));
        Assert.That(program.Output, Is.EqualTo("ready\nouter\n"));
        Assert.That(program.Alive, Is.Not.Empty, "what it started");
        Assert.That(async () => await program.SignalAsync("TERM"), Throws.InvalidOperationException);
    }

    [Test]
    public async Task What_holds_its_output_when_it_is_killed_keeps_nobody_waiting()
    {
        await using var program = await RunningProgram.StartAsync(Shell("sleep 1000 & echo ready; wait"), "ready");

        await program.KillAsync();

        Assert.That(await program.Ended, Is.EqualTo(128 + 9));
        Assert.That(program.Alive, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task What_it_started_is_killed_with_it_wherever_it_has_gone()
    {
        int pid;
        var command = Shell("setsid sh -c 'trap \"\" TERM; echo left $$; while :; do sleep 1000; done' & sleep 1000");
        await using (var program = await RunningProgram.StartAsync(command with { StopGrace = TimeSpan.Zero }, "left"))
        {
            pid = int.Parse(await program.LineAfterAsync("left "), System.Globalization.CultureInfo.InvariantCulture);
            Assert.That(program.Alive, Is.SupersetOf(new[] { program.ProcessId, pid }));
        }

        Assert.That(ProcessTable.Describe(pid), Is.Null.Or.Property(nameof(ProcessInfo.State)).EqualTo('Z'));
    }

    [Test]
    public async Task It_is_asked_to_stop_before_it_is_killed()
    {
        using var folder = new TemporaryDirectory();
        var command = Shell("trap 'echo > stopped; exit' TERM; echo ready; while :; do sleep 0.05; done");

        await using (await RunningProgram.StartAsync(command with { WorkingDirectory = folder.Path }, "ready"))
            Assert.That(folder["stopped"], Does.Not.Exist);

        Assert.That(folder["stopped"], Does.Exist);
    }

    [Test]
    public async Task Its_arguments_and_variables_arrive_as_they_are_and_its_input_is_empty()
    {
        string[] arguments = ["", "a b", "\"", "'$x'", "\\", "*", "ü\n"];
        var command = Command.Of("sh", ["-c", "printf '<%s>' \"$@\" \"$VARIABLE\" \"${HOME-none}\" \"$(cat)\"", "sh", .. arguments])
            .WithEnvironment("VARIABLE", "a \"value\"").WithEnvironment("HOME", null);

        await using var program = RunningProgram.Start(command);

        Assert.That(await program.EndAsync(), Is.Zero);
        Assert.That(program.Output, Is.EqualTo("<" + string.Join("><", [.. arguments, "a \"value\"", "none", ""]) + ">"));
    }

    [Test]
    public async Task Its_input_stays_open_where_the_command_says_so()
    {
        await using var program = await RunningProgram.StartAsync(
            Shell("trap '' TERM; echo ready; cat; echo closed") with { KeepsStandardInputOpen = true }, "ready");

        Assert.That(program.Output, Does.Not.Contain("closed"));
        await program.DisposeAsync();
        Assert.That(program.Output, Does.EndWith("closed\n"));
    }

    [Test]
    public void A_wait_without_end_says_what_was_waited_for_and_seen_last()
    {
        Assert.That(
            async () => await Until.TrueAsync(() => 1 == int.Parse("2"), TimeSpan.FromMilliseconds(1), () => "more"),
            Throws.TypeOf<AssertionException>().With.Message.EqualTo("'() => 1 == int.Parse(\"2\")' did not hold within 0 s. more"));
        Assert.That(
            async () => await Until.SeenAsync(() => Task.FromResult("red"), seen => seen == "green", TimeSpan.FromMilliseconds(1)),
            Throws.TypeOf<AssertionException>().With.Message.EndsWith("The last that was seen: red"));
    }

    private static Command Shell(string script) => Command.Of("sh", "-c", script);
}

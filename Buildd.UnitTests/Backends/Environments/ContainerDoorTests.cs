using System.Text;
using Buildd.Backends.Environments;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Environments;

/// <summary>Both sides of the door, without a container in between: a call has to be as if the command had been run.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(120_000)]
public sealed class ContainerDoorTests : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly HeldStep _answerer;

    public ContainerDoorTests()
    {
        Directory.CreateDirectory(_folder["it's a/door"]);
        ProcessRunner.CaptureAsync(Command.Of("mkfifo", Door + "/calls")).GetAwaiter().GetResult();
        Executable.WriteAsync(_folder["call"], ContainerDoor.Caller).GetAwaiter().GetResult();
        _answerer = HeldStep.Start(end => ProcessRunner.RunAsync(
            Command.Of("/bin/sh", "-c", ContainerDoor.Answerer, "sh", Door, _folder["offline"]), _ => { }, cancellationToken: end));
    }

    private string Door => _folder["it's a/door"];

    public async ValueTask DisposeAsync()
    {
        await _answerer.EndAsync(CancellationToken.None);
        _folder.Dispose();
    }

    [Test]
    public async Task Words_arrive_as_they_are()
    {
        string[] words = ["a b", "", "ü\n'\"$x\\", "-n", "*"];

        var (code, said) = await CallAsync(default, ["printf", "<%s>", .. words]);

        Assert.That((code, said), Is.EqualTo((0, string.Concat(words.Select(word => $"<{word}>")))));
    }

    [TestCase("exit 0", 0)]
    [TestCase("exit 3", 3)]
    [TestCase("kill -9 $$", 137)]
    public async Task The_end_is_the_command_s(string script, int code) =>
        Assert.That((await CallAsync(default, "sh", "-c", script)).Code, Is.EqualTo(code));

    [Test]
    public async Task A_program_that_is_not_there_is_127()
    {
        var (code, said) = await CallAsync(default, "/no/such/program");

        Assert.That(code, Is.EqualTo(127));
        Assert.That(said, Does.StartWith("/no/such/program: No such file"));
    }

    [Test]
    public async Task Input_and_output_are_bytes_however_many()
    {
        var bytes = new byte[3_000_000];
        new Random(1).NextBytes(bytes);

        using var output = new MemoryStream();
        var result = await ProcessRunner.RunAsync(Command.Of(_folder["call"], Door, "cat") with { StandardInput = bytes }, output.Write);

        Assert.That(result.Succeeded);
        Assert.That(output.ToArray().AsSpan().SequenceEqual(bytes));
    }

    [Test]
    public async Task A_command_that_does_not_read_its_input_ends_all_the_same() =>
        Assert.That((await CallAsync(new byte[1_000_000], "true")).Code, Is.Zero);

    [Test]
    public async Task What_a_command_leaves_running_holds_nobody_up()
    {
        var (code, said) = await CallAsync(default, "sh", "-c", "echo done; sleep 300 &");

        Assert.That((code, said), Is.EqualTo((0, "done\n")));
    }

    [Test]
    public async Task Calls_go_on_beside_each_other_and_leave_nothing()
    {
        var calls =
            await Task.WhenAll(Enumerable.Range(0, 8).Select(i => CallAsync(default, "sh", "-c", $"echo {i}; echo {i} >&2; exit {i}")));

        for (var i = 0; i < calls.Length; i++)
            Assert.That((calls[i].Code, calls[i].Said), Is.EqualTo((i, $"{i}\n{i}\n")));
        Assert.That(Directory.GetFileSystemEntries(Door), Is.EqualTo(new[] { Door + "/calls" }));
    }

    [TestCase("../call.x")]
    [TestCase("call.x/../..")]
    [TestCase("")]
    [TestCase("nonsense $(id)")]
    public async Task A_call_that_is_none_is_passed_over(string line)
    {
        await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", "printf '%s\\n' \"$2\" > \"$1/calls\"", "sh", Door, line));

        Assert.That(await CallAsync(default, "echo", "still there"), Is.EqualTo((0, "still there\n")));
    }

    [TestCase("rm end; ln -s \"$1\" end", 125)]
    [TestCase("rm out; ln -s \"$1\" out; echo 0 > end", 0)]
    [TestCase("rm err; ln -s \"$1\" err; echo 0 > end", 0)]
    [TestCase("rm words; ln -s \"$1\" words; rm end; mkfifo end", 125)]
    [TestCase("rm out; ln \"$1\" out || cp \"$1\" out; rm end; mkfifo end", 125)]
    [TestCase("exec 3> out 4> err; head -c 1000000 /dev/zero > end", 125)]
    [TestCase("exec 3> out 4> err; echo 7000 > end", 125)]
    [TestCase("exec 3> out 4> err; printf 'x7\\n' > end", 125)]
    public async Task Nothing_of_this_machine_is_read_or_written_whatever_the_container_puts_there(string plant, int expected)
    {
        await _answerer.EndAsync(CancellationToken.None);
        await File.WriteAllTextAsync(_folder["secret"], "7\nsecret of the machine\n");
        var container = HeldStep.Start(end => ProcessRunner.RunAsync(
            Command.Of(
                "/bin/sh", "-c", $"exec 9<>\"$2/calls\"; read -r call <&9; cd \"$2/$call\" && exec 0<in && {{ {plant}; }}; sleep 300", "sh",
                _folder["secret"], Door),
            _ => { }, cancellationToken: end));

        var (code, said) = await CallAsync("words"u8.ToArray(), "echo", "hello");
        await container.EndAsync(CancellationToken.None);

        Assert.That(code, Is.EqualTo(expected), said);
        Assert.That(said, Does.Not.Contain("secret of"));
        Assert.That(await File.ReadAllTextAsync(_folder["secret"]), Is.EqualTo("7\nsecret of the machine\n"));
    }

    [TestCase("ln -s ../../file calls")]
    [TestCase("ln -s /dev/null calls")]
    [TestCase(": > calls")]
    [TestCase("mkdir calls")]
    [TestCase("mknod calls c 1 3")]
    public async Task A_call_is_announced_at_a_pipe_of_ours_and_nowhere_else(string plant)
    {
        await _answerer.EndAsync(CancellationToken.None);
        await File.WriteAllTextAsync(_folder["file"], "");
        await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", $"rm calls; {plant} || : > calls") with { WorkingDirectory = Door });

        var (code, said) = await CallAsync(default, "true");

        Assert.That(code, Is.EqualTo(125));
        Assert.That(said, Does.StartWith("the container can't be called: calls"));
        Assert.That(await File.ReadAllTextAsync(_folder["file"]), Is.Empty);
    }

    private async Task<(int Code, string Said)> CallAsync(ReadOnlyMemory<byte> input, params string[] words)
    {
        var said = new StringBuilder();
        var result = await ProcessRunner.RunAsync(
            Command.Of(_folder["call"], [Door, .. words]) with { StandardInput = input },
            bytes => said.Append(Encoding.UTF8.GetString(bytes)));
        return (result.ExitCode, said.ToString());
    }
}

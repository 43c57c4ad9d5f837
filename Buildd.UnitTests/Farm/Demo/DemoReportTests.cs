using System.Text;
using Buildd.Farm.Demo;
using Buildd.Master;
using Buildd.Protocol.Messages;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Demo;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DemoReportTests : IDisposable
{
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly DemoReport _report;

    public DemoReportTests() => _report = new DemoReport(_output);

    public void Dispose() => _output.Dispose();

    [Test]
    public async Task A_build_reads_as_a_story()
    {
        await ObserveAsync(
            new InputPresent("chroot", "Download", TimeSpan.FromSeconds(1.5)),
            new BuildAccepted(TimeSpan.FromSeconds(2)),
            new StatusChanged(BuilderStatus.Building),
            new PhaseStarted("unpack", null),
            Log("unpacking\n"),
            new PhaseEnded("unpack", TimeSpan.FromSeconds(3)),
            Log("half a line"),
            new PhaseEnded("sbuild", TimeSpan.FromSeconds(60)),
            new ScanFailed(1, TimeSpan.FromSeconds(5), "refused"),
            new AbortRequested(),
            new StatusChanged(BuilderStatus.Waiting),
            new FileFetched("hello.deb", 12345, TimeSpan.FromMilliseconds(20)),
            new SlaveCleaned(TimeSpan.Zero));

        Assert.That(_output.ToString(), Is.EqualTo(
            """
            ensurepresent: chroot (Download) 1.50 s
            build: accepted
            unpacking
            ==> unpack: 3.00 s
            half a line
            ==> sbuild: 60.00 s
            status: no answer (refused); again in 5.00 s
            abort: the slave was told
            status: Waiting
            fetched: hello.deb (12,345 bytes) 0.02 s
            clean: 0.00 s

            """));
    }

    [Test]
    public async Task The_summary_lists_the_parts_and_what_was_spent_outside_of_sbuild()
    {
        _report.Add("chroot", TimeSpan.FromSeconds(10));
        await ObserveAsync(new PhaseEnded("sbuild", TimeSpan.FromSeconds(75)));
        _report.AddPhases();
        _output.GetStringBuilder().Clear();

        _report.Summarise(TimeSpan.FromSeconds(100));

        Assert.That(_output.ToString(), Is.EqualTo(
            """

            Time spent:
              chroot        10.00 s
              sbuild        75.00 s
              all          100.00 s
              outside sbuild: 25 % of the whole

            """));
    }

    [Test]
    public void Without_sbuild_there_is_nothing_to_compare()
    {
        _report.Summarise(TimeSpan.Zero);

        Assert.That(_output.ToString(), Does.Not.Contain("outside"));
    }

    [Test]
    public async Task A_letter_that_was_cut_in_two_is_shown_whole()
    {
        var letter = Encoding.UTF8.GetBytes("ü");

        await ObserveAsync(Log([letter[0]]), Log([letter[1]]));

        Assert.That(_output.ToString(), Is.EqualTo("ü"));
    }

    [Test]
    public async Task Nothing_a_slave_says_commands_the_terminal()
    {
        const string Evil = "\u001b[2J\r\u009bx";
        await ObserveAsync(
            new InputPresent("chroot", Evil, TimeSpan.Zero),
            new PhaseEnded(Evil, TimeSpan.Zero),
            new ScanFailed(1, TimeSpan.Zero, Evil),
            new FileFetched(Evil, 1, TimeSpan.Zero),
            Log(Evil));
        _report.AddPhases();
        _report.Summarise(TimeSpan.FromSeconds(1));

        Assert.That(_output.ToString().Where(c => char.IsControl(c) && c != '\n'), Is.Empty);
    }

    [Test]
    public async Task A_step_is_announced_timed_and_gives_its_result()
    {
        Assert.That(await _report.TimeAsync("Making it", "making", () => Task.FromResult(7)), Is.EqualTo(7));
        await _report.TimeAsync("Breaking it", "breaking", () => Task.CompletedTask);
        _report.Summarise(TimeSpan.Zero);

        Assert.That(_output.ToString(), Does.StartWith("Making it\nBreaking it\n").And.Contain("\n  making ").And.Contain("\n  breaking "));
    }

    private static LogGrew Log(string text) => Log(Encoding.UTF8.GetBytes(text));

    private static LogGrew Log(byte[] bytes) => new() { Bytes = bytes, Offset = null };

    private async Task ObserveAsync(params BuildEvent[] events)
    {
        foreach (var happened in events)
            await _report.ObserveAsync(happened);
    }
}

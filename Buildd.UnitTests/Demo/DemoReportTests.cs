using System.IO.Compression;
using System.Text;
using Buildd.Cli.Application;
using Buildd.Demo;
using Buildd.Master;
using Buildd.Master.Builds;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Demo;

/// <summary>What the demo makes of what <c>buildd-farm run --json</c> and the other commands say.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DemoReportTests : IDisposable
{
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly DemoReport _report;
    private Build _build = null!;

    public DemoReportTests() => _report = new DemoReport(_output);

    [SetUp]
    public async Task QueueAsync() =>
        _build = (
            await new InMemoryBuilds(TimeProvider.System)
                .AddAsync([new NewBuild { JobType = "PACKAGEBUILD", Title = "hello", Subject = "hello" }]))[0];

    public void Dispose() => _output.Dispose();

    [Test]
    public void A_build_reads_as_a_story()
    {
        _report.Say("$ buildd-farm build hello.dsc --wait");
        Show("PACKAGEBUILD-1: Currently building on demo\n");
        Hear(new BuildDispatched(_build, "demo", TimeSpan.FromSeconds(2)));
        Hear(new BuildPhaseChanged(_build, "unpack", null));
        Show("unpacking\n");
        Hear(new BuildLogGrew(_build, 10));
        Hear(new BuildPhaseChanged(_build, "unpack", TimeSpan.FromSeconds(3)));
        Show("half a line");
        Hear(new BuildPhaseChanged(_build, "sbuild", TimeSpan.FromSeconds(60)));
        Hear(new BuildChanged(_build, _build));
        Assert.That(_report.Finished.IsCompleted, Is.False);
        Hear(new BuildFinished(_build));

        Assert.That(_output.ToString(), Is.EqualTo(
            """
            $ buildd-farm build hello.dsc --wait
            PACKAGEBUILD-1: Currently building on demo
            demo took it: 2.00 s
            unpacking
            ==> unpack: 3.00 s
            half a line
            ==> sbuild: 60.00 s

            """));
        Assert.That(_report.Finished.IsCompleted);
        Assert.That(_report.Cookie, Is.EqualTo("PACKAGEBUILD-1"));
    }

    [Test]
    public void The_farm_says_once_that_it_is_ready()
    {
        var lines = new StringWriter();
        EventJson.WriteReady(lines, "/farm.sqlite", new Uri("http://127.0.0.1:1/"));

        Assert.That(_report.Hear(lines.ToString()), Is.True);
        Assert.That(Hear(new EventsMissed(7)), Is.False);
        Assert.That(_output.ToString(), Is.Empty);
    }

    [Test]
    public void The_summary_lists_the_parts_and_what_was_spent_outside_of_sbuild()
    {
        _report.Add("chroot", TimeSpan.FromSeconds(10));
        Hear(new BuildPhaseChanged(_build, "sbuild", TimeSpan.FromSeconds(75)));
        _output.GetStringBuilder().Clear();

        _report.Summarise(TimeSpan.FromSeconds(100));

        Assert.That(_output.ToString(), Is.EqualTo(
            """

            Time spent:
              chroot        10.00 s
              sbuild        75.00 s
              the rest      15.00 s
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
    public void A_letter_that_was_cut_in_two_is_shown_whole()
    {
        var letter = Encoding.UTF8.GetBytes("ü");

        _report.Show([letter[0]], _decoder);
        _report.Show([letter[1]], _decoder);

        Assert.That(_output.ToString(), Is.EqualTo("ü"));
    }

    [Test]
    public void Nothing_a_slave_says_commands_the_terminal()
    {
        const string Evil = "\u001b[2J\r\u009bx";
        Hear(new BuildPhaseChanged(_build, Evil, TimeSpan.Zero));
        Hear(new BuildDispatched(_build, Evil, TimeSpan.Zero));
        Show(Evil);
        _report.Say(Evil);
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

    [Test]
    public async Task The_end_of_a_stored_log_is_shown()
    {
        using var folder = new TemporaryDirectory();
        var path = folder["buildlog.txt.gz"];
        await using (var log = new StreamWriter(new GZipStream(File.Create(path), CompressionLevel.Fastest)))
        {
            for (var i = 1; i <= 1000; i++)
                await log.WriteLineAsync($"line {i}");
        }

        await _report.ShowEndAsync(path);

        Assert.That(
            _output.ToString(), Does.StartWith("The end of its log:\n  line 976\n").And.EndsWith($"\n  line 1000\nAll of it: {path}\n"));
    }

    private void Show(string text) => _report.Show(Encoding.UTF8.GetBytes(text), _decoder);

    private bool Hear(MasterEvent happened)
    {
        var lines = new StringWriter();
        EventJson.Write(lines, happened);
        return _report.Hear(lines.ToString());
    }
}

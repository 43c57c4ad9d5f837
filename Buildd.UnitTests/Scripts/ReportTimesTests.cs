using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Scripts;

/// <summary>The table at the end of a run, and which of its lines are said once more because they are slower than usual.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ReportTimesTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task Each_step_is_a_line_with_what_it_usually_takes()
    {
        var report = await ReportAsync("compile\t70\t130\n  Images.\t400\t611\n", "compile\t65\t120\n");

        Assert.That(report[1], Does.Match("^step +wall s +processor +usual s$"));
        Assert.That(report[2], Does.Match("^compile +70 +130 +65$"));
        Assert.That(report[3], Does.Match("^  Images[.] +400 +611 +-$"), "nobody has said what it usually takes");
        Assert.That(report, Has.Length.EqualTo(4), "nothing is slower");
    }

    [Test]
    public async Task A_step_that_comes_several_times_is_one_line()
    {
        var report = await ReportAsync("compile\t70\t130\ncompile\t5\t6\n", "");

        Assert.That(report[2], Does.Match("^compile +75 +136 +-$"));
        Assert.That(report, Has.Length.EqualTo(3));
    }

    [TestCase(151, 100, true)]
    [TestCase(150, 100, false, TestName = "Half_as_long_again_is_not_yet_slower")]
    [TestCase(12, 3, false, TestName = "Seconds_are_noise")]
    [TestCase(14, 3, true)]
    public async Task Slower_by_half_is_said_in_the_last_line(int wall, int usual, bool isSaid)
    {
        var report = await ReportAsync($"first\t10\t10\nunit tests\t{wall}\t1\n", $"first\t10\t10\nunit tests\t{usual}\t1\n");

        Assert.That(
            report[^1],
            isSaid ? Is.EqualTo($"slower by half than usual: unit tests took {wall} s, usually {usual} s") : Does.StartWith("unit tests "));
    }

    [Test]
    public async Task Without_times_there_is_nothing_to_report() =>
        Assert.That(await ReportAsync("", "first\t10\t10\n"), Is.EqualTo(new[] { "" }));

    /// <summary>What the script says of a run, line by line.</summary>
    private async Task<string[]> ReportAsync(string times, string usual)
    {
        await File.WriteAllTextAsync(_folder["times"], times);
        await File.WriteAllTextAsync(_folder["usual"], usual);
        var said = await ProcessRunner.CaptureAsync(
            Command.Of(Path.Combine(Repository.Root, "scripts/report-times"), _folder["times"], _folder["usual"]));
        return said.TrimEnd('\n').Split('\n');
    }
}

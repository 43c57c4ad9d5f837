using Buildd.Farm.Demo;
using Buildd.Master;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Demo;

[Parallelizable(ParallelScope.All)]
public sealed class ImageDemoReportTests
{
    [TestCase(0, "[........................................]   0 %")]
    [TestCase(0.5, "[####################....................]  50 %")]
    [TestCase(1, "[########################################] 100 %")]
    public void The_bar_tells_what_is_done(double fraction, string bar) =>
        Assert.That(ImageDemoReport.Bar(new ProgressMade("chroot", fraction)), Does.StartWith(bar + " chroot"));

    [Test]
    public void A_stage_can_not_command_the_terminal_or_break_the_line() =>
        Assert.That(ImageDemoReport.Bar(new ProgressMade("a\u001b[2J\nb" + new string('x', 500), 0.1)), Has.Length.LessThan(90).And.Not.Contains("\u001b").And.Not.Contains("\n"));

    [Test]
    public async Task On_a_terminal_the_bar_stays_in_its_line_and_otherwise_each_change_has_one()
    {
        async Task<string> ShowAsync(bool isTerminal)
        {
            var output = new StringWriter();
            var report = new ImageDemoReport(new DemoReport(output), output, isTerminal);
            await report.ObserveAsync(new ProgressMade("a", 0.1));
            await report.ObserveAsync(new LogGrew { Bytes = "noise\n"u8.ToArray(), Offset = 0 });
            await report.ObserveAsync(new ProgressMade("b", 0.2));
            await report.ObserveAsync(new PhaseEnded("livefs", TimeSpan.FromSeconds(1)));
            return output.ToString();
        }

        Assert.That((await ShowAsync(false)).Split('\n'), Has.Length.EqualTo(4));
        var drawn = await ShowAsync(true);
        Assert.That(drawn.Split('\n'), Has.Length.EqualTo(2));
        Assert.That(drawn, Does.Contain("\r[").And.EndsWith("\r==> livefs: 1.00 s\n"));
    }
}

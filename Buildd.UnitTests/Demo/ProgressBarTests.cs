using System.Text;
using Buildd.Demo;
using NUnit.Framework;

namespace Buildd.UnitTests.Demo;

[Parallelizable(ParallelScope.All)]
public sealed class ProgressBarTests
{
    [TestCase(0, "[........................................]   0 %")]
    [TestCase(0.5, "[####################....................]  50 %")]
    [TestCase(1, "[########################################] 100 %")]
    public void The_bar_tells_what_is_done(double fraction, string bar) =>
        Assert.That(ProgressBar.Line("chroot", fraction), Does.StartWith(bar + " chroot"));

    [Test]
    public void A_stage_can_not_command_the_terminal_or_break_the_line() =>
        Assert.That(
            ProgressBar.Line("a\u001b[2J\nb" + new string('x', 500), 0.1), Has.Length.LessThan(90).And.Not.Contains("\u001b")
                .And.Not.Contains("\n"));

    [Test]
    public void On_a_terminal_the_bar_stays_in_its_line_and_otherwise_each_change_has_one()
    {
        static string Show(bool isTerminal)
        {
            var output = new StringWriter { NewLine = "\n" };
            var report = new DemoReport(output) { Bar = new ProgressBar(isTerminal) };
            report.Hear("""{"event":"progress","build":"LIVEFSBUILD-1","stage":"a","fraction":0.1}""");
            report.Hear("""{"event":"progress","build":"LIVEFSBUILD-1","stage":"b","fraction":0.2}""");
            report.Show("a message\n"u8, Encoding.UTF8.GetDecoder());
            report.Hear("""{"event":"progress","build":"LIVEFSBUILD-1","stage":"c","fraction":0.3}""");
            report.Hear("""{"event":"phase","build":"LIVEFSBUILD-1","phase":"livefs","seconds":1}""");
            return output.ToString();
        }

        Assert.That(Show(false).Split('\n'), Has.Length.EqualTo(6));
        var drawn = Show(true);
        Assert.That(drawn.Split('\n'), Has.Length.EqualTo(3));
        Assert.That(drawn, Does.Contain("\r[").And.Contain("\ra message\n").And.EndsWith("\r==> livefs: 1.00 s\n"));
    }
}

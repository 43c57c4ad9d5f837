using System.Globalization;
using Buildd.Master;

namespace Buildd.Farm.Demo;

/// <summary>What a person sees while an image is made: phases with their times, and a bar that a terminal draws in place.</summary>
/// <param name="report">Gets all but the bar.</param>
/// <param name="output">Where the bar is drawn.</param>
/// <param name="isTerminal">Whether it is drawn in place; else each change is a line.</param>
internal sealed class ImageDemoReport(DemoReport report, TextWriter output, bool isTerminal)
{
    private const int BarWidth = 40;
    private const int StageWidth = 30;

    private bool _isDrawn;

    internal async ValueTask ObserveAsync(BuildEvent happened)
    {
        switch (happened)
        {
            case LogGrew:
                break; // a bar and a log can't share a terminal; the log is fetched at the end
            case ProgressMade progress:
                Draw(progress);
                break;
            default:
                Erase();
                await report.ObserveAsync(happened);
                break;
        }
    }

    /// <summary>The bar, as a line.</summary>
    internal static string Bar(ProgressMade progress)
    {
        var done = (int)Math.Round(progress.Fraction * BarWidth);
        var stage = new string([.. Printable.Text(progress.Stage).Where(c => c is not ('\n' or '\t')).Take(StageWidth)]);
        return string.Create(CultureInfo.InvariantCulture, $"[{new string('#', done)}{new string('.', BarWidth - done)}] {progress.Fraction * 100,3:0} % {stage,-StageWidth}");
    }

    private void Draw(ProgressMade progress)
    {
        if (isTerminal)
            output.Write("\r" + Bar(progress));
        else
            report.Say(Bar(progress).TrimEnd());
        _isDrawn = isTerminal;
    }

    private void Erase()
    {
        if (_isDrawn)
            output.Write("\r" + new string(' ', BarWidth + StageWidth + 10) + "\r");
        _isDrawn = false;
    }
}

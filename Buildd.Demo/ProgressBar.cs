using System.Globalization;
using Buildd.Linux.Text;

namespace Buildd.Demo;

/// <summary>The bar that shows how far an image is. Used by one thread at a time.</summary>
/// <param name="isTerminal">Whether it is drawn in place; else each change is a line.</param>
internal sealed class ProgressBar(bool isTerminal)
{
    private const int BarWidth = 40;
    private const int StageWidth = 30;

    private bool _isDrawn;

    /// <summary>The bar, as a line.</summary>
    internal static string Line(string stage, double fraction)
    {
        var done = (int)Math.Round(fraction * BarWidth);
        var shown = new string([.. Printable.Text(stage).Where(c => c is not ('\n' or '\t')).Take(StageWidth)]);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"[{new string('#', done)}{new string('.', BarWidth - done)}] {fraction * 100,3:0} % {shown,-StageWidth}");
    }

    /// <summary>Draws it.</summary>
    /// <returns>Whether the output is at the beginning of a line then.</returns>
    internal bool Draw(TextWriter output, string stage, double fraction)
    {
        if (isTerminal)
            output.Write("\r" + Line(stage, fraction));
        else
            output.WriteLine(Line(stage, fraction).TrimEnd());
        _isDrawn = isTerminal;
        return !isTerminal;
    }

    /// <summary>Takes it away, if it is there, so that something else may be written.</summary>
    internal bool Erase(TextWriter output)
    {
        var wasDrawn = _isDrawn;
        if (wasDrawn)
            output.Write("\r" + new string(' ', BarWidth + StageWidth + 10) + "\r");
        _isDrawn = false;
        return wasDrawn;
    }
}

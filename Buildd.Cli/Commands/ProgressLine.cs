using System.Globalization;

namespace Buildd.Cli.Commands;

/// <summary>
/// A line on a terminal that says how far something is, if it takes more than a moment; nothing where the output is not a terminal. The
/// line is removed in the end. Used by one thread at a time.
/// </summary>
/// <param name="output">Where it is written.</param>
/// <param name="isTerminal">Whether that is a terminal.</param>
/// <param name="what">What is being done.</param>
/// <param name="time">The clock.</param>
internal sealed class ProgressLine(TextWriter output, bool isTerminal, string what, TimeProvider time) : IDisposable
{
    /// <summary>What is done sooner needs no line.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);

    private long _next = time.GetTimestamp() + Ticks(Patience, time);
    private int _width;

    /// <summary>Shows the fraction that is done, unless the last time was a moment ago.</summary>
    internal void Show(double fraction)
    {
        if (!isTerminal || time.GetTimestamp() < _next)
            return;
        _next = time.GetTimestamp() + Ticks(Interval, time);
        var text = string.Create(CultureInfo.InvariantCulture, $"{what}: {Math.Clamp(fraction, 0, 1) * 100:0} %");
        output.Write($"\r{text.PadRight(_width)}");
        output.Flush();
        _width = text.Length;
    }

    public void Dispose()
    {
        if (_width == 0)
            return;
        output.Write($"\r{new string(' ', _width)}\r");
        output.Flush();
        _width = 0;
    }

    private static long Ticks(TimeSpan span, TimeProvider time) => (long)(span.TotalSeconds * time.TimestampFrequency);
}

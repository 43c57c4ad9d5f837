namespace Buildd.Master.Scanning;

/// <summary>
/// Puts a log together from its ends: each status has the last bytes of it (2048 in the reference), which overlap with
/// those of the status before unless more was written in between.
/// </summary>
internal sealed class LogTail
{
    /// <summary>More of an end than this isn't looked at; the reference sends 2 KiB.</summary>
    private const int MaxBytes = 16 * 1024;

    /// <summary>An overlap shorter than this can be chance: an empty line, a word.</summary>
    private const int MinOverlap = 16;

    private ReadOnlyMemory<byte> _previous;

    /// <summary>Whether an end with anything in it was ever seen.</summary>
    public bool HasBegun => !_previous.IsEmpty;

    /// <summary>What is new in this end; null when nothing is.</summary>
    public LogGrew? Update(ReadOnlyMemory<byte> tail)
    {
        if (tail.Length > MaxBytes)
            tail = tail[^MaxBytes..];
        if (tail.IsEmpty)
            return null;
        var overlap = Overlap(_previous.Span, tail.Span);
        var continuous = overlap >= Math.Min(MinOverlap, _previous.Length);
        var added = continuous ? tail[overlap..] : tail;
        _previous = tail;
        return added.IsEmpty ? null : new LogGrew { Bytes = added, Offset = null, Continuous = continuous };
    }

    /// <summary>The most bytes that both end the one and begin the other.</summary>
    private static int Overlap(ReadOnlySpan<byte> previous, ReadOnlySpan<byte> next)
    {
        for (var length = Math.Min(previous.Length, next.Length); length > 0; length--)
        {
            if (previous.EndsWith(next[..length]))
                return length;
        }

        return 0;
    }
}

namespace Buildd.Cli.Commands;

/// <summary>Finds the last lines of a log. A last line without an end is one, too.</summary>
internal static class LogEnd
{
    private const int PieceBytes = 64 * 1024;

    private const byte LineEnd = (byte)'\n';

    /// <summary>Finds where the last lines of a file begin, from its end on: what stands before them is not read.</summary>
    /// <param name="log">The log, which can seek.</param>
    /// <param name="lines">How many lines; more than zero.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal static async Task<long> FindAsync(Stream log, int lines, CancellationToken cancellationToken)
    {
        var piece = new byte[PieceBytes];
        var end = log.Length;
        for (var position = end; position > 0;)
        {
            var length = (int)Math.Min(PieceBytes, position);
            position -= length;
            log.Position = position;
            await log.ReadExactlyAsync(piece.AsMemory(0, length), cancellationToken);
            // The end of the last line begins no line.
            if (FindBack(piece.AsSpan(0, position + length == end ? length - 1 : length), ref lines) is { } found)
                return position + found + 1;
        }

        return 0;
    }

    /// <summary>Reads a log that can't seek to its end, and keeps its last lines.</summary>
    /// <param name="log">The log.</param>
    /// <param name="lines">How many lines; more than zero.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The last lines in pieces, and the length of all of it.</returns>
    internal static async Task<(IEnumerable<ReadOnlyMemory<byte>> Pieces, long Length)> ReadAsync(
        Stream log, int lines, CancellationToken cancellationToken)
    {
        var kept = new Queue<(byte[] Bytes, int Count, int LineEnds)>();
        var (length, lineEnds) = (0L, 0L);
        var free = new byte[PieceBytes];
        for (int count; (count = await log.ReadAtLeastAsync(free, PieceBytes, throwOnEndOfStream: false, cancellationToken)) > 0;)
        {
            var ends = free.AsSpan(0, count).Count(LineEnd);
            kept.Enqueue((free, count, ends));
            (length, lineEnds) = (length + count, lineEnds + ends);
            // One more end than lines is needed: that of the line before them; and the last one may be the log's end.
            free = kept.Count > 1 && lineEnds - kept.Peek().LineEnds > lines ? kept.Peek().Bytes : new byte[PieceBytes];
            while (kept.Count > 1 && lineEnds - kept.Peek().LineEnds > lines)
                lineEnds -= kept.Dequeue().LineEnds;
        }

        var pieces = kept.Select(piece => new ReadOnlyMemory<byte>(piece.Bytes, 0, piece.Count)).ToList();
        for (var i = pieces.Count - 1; i >= 0; i--)
        {
            var seen = pieces[i].Span[..(i == pieces.Count - 1 ? pieces[i].Length - 1 : pieces[i].Length)];
            if (FindBack(seen, ref lines) is { } found)
                return (pieces[(i + 1)..].Prepend(pieces[i][(found + 1)..]), length);
        }

        return (pieces, length);
    }

    /// <summary>Looks for line ends from the back, and counts them down.</summary>
    /// <returns>The place of the last one that is wanted; null when more are.</returns>
    private static int? FindBack(ReadOnlySpan<byte> bytes, ref int lines)
    {
        for (var at = bytes.LastIndexOf(LineEnd); at >= 0; at = bytes[..at].LastIndexOf(LineEnd))
        {
            if (--lines == 0)
                return at;
        }

        return null;
    }
}

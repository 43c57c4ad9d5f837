using System.Text;
using Buildd.Linux.Text;
using Buildd.Master.Builds;
using Buildd.Master.Logs;

namespace Buildd.Cli.Commands;

/// <summary>Shows the log of a build as far as it has come, and what is new of it each time it is asked again.</summary>
/// <param name="logs">The logs.</param>
/// <param name="output">Where it is shown.</param>
/// <param name="lastLines">How many lines are shown of what is there at first; null for all.</param>
internal sealed class LogPrinter(LogStore logs, TextWriter output, int? lastLines = null)
{
    private const int PieceBytes = 64 * 1024;

    private readonly byte[] _piece = new byte[PieceBytes];
    private readonly char[] _characters = new char[Encoding.UTF8.GetMaxCharCount(PieceBytes)];
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private int? _lastLines = lastLines;
    private int _attempt = -1;
    private long _position;
    private bool _isComplete;

    /// <summary>Shows what is new. The log of another attempt is shown from its beginning.</summary>
    /// <returns>Whether the build has a log.</returns>
    internal async Task<bool> PrintAsync(Build build, CancellationToken cancellationToken)
    {
        if (build.Attempt != _attempt)
            Restart(build.Attempt);
        if (_isComplete)
            return true; // to unpack a stored log again costs as much as it is long
        await using var running = logs.OpenRunning(build);
        if (running is null && _position > 0 && logs.StoredLength(build) == (uint)_position)
            return _isComplete = true;
        await using var log = running ?? logs.OpenStored(build);
        if (log is null)
            return false;
        await SkipAsync(log, build.Attempt, cancellationToken);
        for (int count; (count = await log.ReadAsync(_piece, cancellationToken)) > 0; _position += count)
            await WriteAsync(_piece.AsMemory(0, count));
        await output.FlushAsync(cancellationToken);
        _isComplete = running is null;
        return true;
    }

    private async Task SkipAsync(Stream log, int attempt, CancellationToken cancellationToken)
    {
        if (_lastLines is { } lines)
        {
            _lastLines = null;
            if (log.CanSeek)
            {
                log.Position = _position = await LogEnd.FindAsync(log, lines, cancellationToken);
                return;
            }

            (var pieces, _position) = await LogEnd.ReadAsync(log, lines, cancellationToken);
            foreach (var piece in pieces)
                await WriteAsync(piece);
            return;
        }

        if (log.CanSeek)
        {
            if (log.Length < _position) // the slave has begun it anew
                Restart(attempt);
            log.Position = _position;
            return;
        }

        for (var left = _position; left > 0;)
        {
            var count = await log.ReadAsync(_piece.AsMemory(0, (int)Math.Min(left, PieceBytes)), cancellationToken);
            if (count == 0)
                return;
            left -= count;
        }
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        var characters = _characters.AsMemory(0, _decoder.GetChars(bytes.Span, _characters, flush: false));
        if (Printable.IsText(characters.Span))
            await output.WriteAsync(characters);
        else
            await output.WriteAsync(Printable.Text(new string(characters.Span)));
    }

    private void Restart(int attempt)
    {
        _attempt = attempt;
        _position = 0;
        _isComplete = false;
        _decoder.Reset();
    }
}

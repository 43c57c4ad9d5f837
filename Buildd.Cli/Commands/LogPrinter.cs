using System.Text;
using Buildd.Linux.Text;
using Buildd.Master.Builds;
using Buildd.Master.Logs;

namespace Buildd.Cli.Commands;

/// <summary>Shows the log of a build as far as it has come, and what is new of it each time it is asked again.</summary>
internal sealed class LogPrinter(LogStore logs, TextWriter output)
{
    private const int PieceBytes = 64 * 1024;

    private readonly byte[] _piece = new byte[PieceBytes];
    private readonly char[] _characters = new char[Encoding.UTF8.GetMaxCharCount(PieceBytes)];
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private int _attempt = -1;
    private long _position;

    /// <summary>Shows what is new. The log of another attempt is shown from its beginning.</summary>
    /// <returns>Whether the build has a log.</returns>
    internal async Task<bool> PrintAsync(Build build, CancellationToken cancellationToken)
    {
        if (build.Attempt != _attempt)
            Restart(build.Attempt);
        await using var log = logs.OpenRunning(build) ?? logs.OpenStored(build);
        if (log is null)
            return false;
        await SkipAsync(log, build.Attempt, cancellationToken);
        for (int count; (count = await log.ReadAsync(_piece, cancellationToken)) > 0; _position += count)
        {
            var characters = _decoder.GetChars(_piece.AsSpan(0, count), _characters, flush: false);
            await output.WriteAsync(Printable.Text(new string(_characters, 0, characters)));
        }

        await output.FlushAsync(cancellationToken);
        return true;
    }

    private async Task SkipAsync(Stream log, int attempt, CancellationToken cancellationToken)
    {
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

    private void Restart(int attempt)
    {
        _attempt = attempt;
        _position = 0;
        _decoder.Reset();
    }
}

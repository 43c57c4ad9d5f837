using System.Buffers;
using System.Text;

namespace Buildd.Protocol.Secrets;

/// <summary>Takes known secrets out of a stream: each run of bytes that occurrences of secrets cover becomes one mark.</summary>
/// <remarks>
/// Occurrences that overlap or touch are one run, so that no end of a secret stays beside another. Not safe for several
/// threads at once. The same bytes give the same output however they are cut into pieces.
/// </remarks>
internal sealed class SecretFilter
{
    /// <summary>
    /// What is searched for at once. A longer secret is cut into blocks of this size, the last one overlapping, and each is
    /// removed wherever it occurs: so all of the secret is.
    /// </summary>
    internal const int MaxSecretBytes = 4096;

    /// <summary>The most that is held back.</summary>
    internal const int MaxHeldBytes = MaxSecretBytes - 1;

    private readonly byte[][] _secrets; // longest first
    private readonly SearchValues<string>? _search;
    private readonly SearchValues<byte> _firstBytes;
    private readonly HeldBytes _held = new();
    private readonly ArrayBufferWriter<byte> _output = new();
    private char[] _text = [];
    private int _covered; // bytes at the front of what is held that the last mark stands for
    private bool _afterMark;

    internal SecretFilter(IEnumerable<ReadOnlyMemory<byte>> secrets)
    {
        // Bytes as Latin-1: the framework's search for many things at once takes text only.
        var texts = secrets.SelectMany(Blocks).Select(secret => Encoding.Latin1.GetString(secret.Span)).Where(text => text.Length > 0)
            .Distinct(StringComparer.Ordinal).OrderByDescending(text => text.Length).ToArray();
        _secrets = [.. texts.Select(Encoding.Latin1.GetBytes)];
        _search = texts.Length > 0 ? SearchValues.Create(texts, StringComparison.Ordinal) : null;
        _firstBytes = SearchValues.Create([.. _secrets.Select(secret => secret[0])]);
    }

    /// <inheritdoc cref="CredentialFilter.IsAtRest"/>
    internal bool IsAtRest => _search is null || (_held.IsEmpty && _covered == 0 && !_afterMark);

    /// <summary>What stands in the log for a secret. Shorter than any secret that is looked for.</summary>
    internal static ReadOnlySpan<byte> Mark => "***"u8;

    /// <inheritdoc cref="CredentialFilter.Process"/>
    internal ReadOnlySpan<byte> Process(ReadOnlySpan<byte> input, bool isLast)
    {
        if (_search is null)
            return input;

        var data = _held.Join(input);
        var hold = isLast ? data.Length : StartOfCandidate(data);
        if (_text.Length < data.Length)
            _text = new char[data.Length];
        Encoding.Latin1.GetChars(data, _text);
        var text = _text.AsSpan(0, data.Length);

        _output.ResetWrittenCount();
        var end = _covered; // what is before it is dealt with
        for (int from = 0, found; (found = text[from..].IndexOfAny(_search)) >= 0 && from + found < hold; from += found + 1)
        {
            var start = from + found;
            if (start > end)
                Write(data[end..start]);
            if (!_afterMark)
                _output.Write(Mark);
            _afterMark = true;
            end = Math.Max(end, start + LongestAt(data[start..]));
        }

        _held.Keep(data[hold..]);
        if (end == 0)
        {
            _afterMark &= hold == 0;
            return data[..hold];
        }

        if (end < hold)
            Write(data[end..hold]);
        _covered = Math.Max(0, end - hold);
        return _output.WrittenSpan;
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        _output.Write(bytes);
        _afterMark = false;
    }

    /// <summary>Where a secret may begin whose rest is in the next piece; else the end.</summary>
    private int StartOfCandidate(ReadOnlySpan<byte> data)
    {
        for (var at = Math.Max(0, data.Length - _secrets[0].Length + 1); ; at++)
        {
            if (data[at..].IndexOfAny(_firstBytes) is not (>= 0 and var next))
                return data.Length;
            at += next;
            var rest = data[at..];
            foreach (var secret in _secrets)
            {
                if (secret.Length <= rest.Length)
                    break;
                if (secret.AsSpan().StartsWith(rest))
                    return at;
            }
        }
    }

    private int LongestAt(ReadOnlySpan<byte> data)
    {
        foreach (var secret in _secrets)
        {
            if (data.StartsWith(secret))
                return secret.Length;
        }

        throw new InvalidOperationException("no secret stands where one was found");
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Blocks(ReadOnlyMemory<byte> secret)
    {
        var start = 0;
        for (; secret.Length - start > MaxSecretBytes; start += MaxSecretBytes)
            yield return secret.Slice(start, MaxSecretBytes);
        yield return start == 0 ? secret : secret[^MaxSecretBytes..];
    }
}

using System.Buffers;

namespace Buildd.Protocol.Secrets;

/// <summary>
/// Takes out of a stream what looks like a credential, by the reference's two rules:
/// <list type="bullet">
/// <item><c>://USER:PASSWORD@</c> before a non-blank becomes <c>://</c>. Neither part has a colon, slash or <c>@</c> in it; the
/// user may be empty, and both may hold blanks.</item>
/// <item><c>,proxyauth=USER:TOKEN</c> is removed; the token is letters, digits and hyphens.</item>
/// </list>
/// </summary>
/// <remarks>
/// Nothing goes beyond the end of a line, which is LF or CR. Not safe for several threads at once. The same bytes give the
/// same output however they are cut into pieces.
/// </remarks>
internal sealed class CredentialFilter
{
    /// <summary>
    /// How long a candidate may be, user, password and delimiters together; what is longer is no credential and stays.
    /// The longest that is known, a macaroon of a private git repository, is below 4 KiB.
    /// </summary>
    /// <remarks>Differs: the reference looks through the whole line, which it holds in memory.</remarks>
    internal const int MaxCredentialBytes = 16 * 1024;

    /// <summary>The most that is held back.</summary>
    internal static readonly int MaxHeldBytes = ProxyAuth.Length + MaxCredentialBytes;

    private const int None = int.MaxValue;

    private static readonly SearchValues<byte> EndsUrlPart = SearchValues.Create(":@/\r\n"u8);
    private static readonly SearchValues<byte> EndsProxyUser = SearchValues.Create(":\r\n"u8);
    private static readonly SearchValues<byte> Blank = SearchValues.Create(" \t\r\n\v\f"u8);

    private static readonly SearchValues<byte> Token =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"u8);

    private readonly HeldBytes _held = new();
    private readonly ArrayBufferWriter<byte> _output = new();
    private bool _inToken; // of a proxyauth whose beginning has been removed

    /// <summary>Whether the next piece is looked at as if nothing had come before.</summary>
    internal bool IsAtRest => !_inToken && _held.IsEmpty;

    private static ReadOnlySpan<byte> Scheme => "://"u8;

    private static ReadOnlySpan<byte> ProxyAuth => ",proxyauth="u8;

    /// <summary>Filters the next piece.</summary>
    /// <param name="input">The piece.</param>
    /// <param name="isLast">Nothing follows: what is held back is decided as at the end of a line.</param>
    /// <returns>What may be passed on; valid until the next call, and while <paramref name="input"/> is.</returns>
    internal ReadOnlySpan<byte> Process(ReadOnlySpan<byte> input, bool isLast)
    {
        var data = _held.Join(input);
        _output.ResetWrittenCount();
        var written = 0; // data before it is in the output, or removed
        var at = 0;
        if (_inToken)
            written = at = EndOfToken(data, 0);

        var (url, proxy) = (-1, -1); // the next candidates; looked for again once they have been passed
        while (true)
        {
            url = url >= at ? url : Find(data, Scheme, at);
            proxy = proxy >= at ? proxy : Find(data, ProxyAuth, at);
            if (url == None && proxy == None)
            {
                at = isLast ? data.Length : Math.Max(at, StartOfCandidate(data));
                break;
            }

            at = Math.Min(url, proxy);
            var verdict = url < proxy ? JudgeUrl(data[at..], isLast) : JudgeProxyAuth(data[at..], isLast);
            if (verdict.IsOpen)
                break;
            at += verdict.Length;
            if (verdict.Removed == 0)
                continue;
            _output.Write(data[written..(at - verdict.Removed)]);
            written = at = _inToken ? EndOfToken(data, at) : at;
        }

        _held.Keep(data[at..]);
        if (_output.WrittenCount == 0)
            return data[written..at];
        _output.Write(data[written..at]);
        return _output.WrittenSpan;
    }

    private static int Find(ReadOnlySpan<byte> data, ReadOnlySpan<byte> what, int from) =>
        data[from..].IndexOf(what) is >= 0 and var index ? from + index : None;

    /// <summary>Where a <c>://</c> or <c>,proxyauth=</c> begins whose rest may be in the next piece; else the end.</summary>
    private static int StartOfCandidate(ReadOnlySpan<byte> data)
    {
        for (var count = Math.Min(ProxyAuth.Length - 1, data.Length); count > 0; count--)
        {
            var end = data[^count..];
            if (ProxyAuth.StartsWith(end) || (count < Scheme.Length && Scheme.StartsWith(end)))
                return data.Length - count;
        }

        return data.Length;
    }

    private static Verdict JudgeUrl(ReadOnlySpan<byte> data, bool isLast)
    {
        var rest = data[Scheme.Length..];
        var window = rest[..Math.Min(rest.Length, MaxCredentialBytes)];
        var open = !isLast && window.Length < MaxCredentialBytes ? Verdict.Open : Verdict.Stays(Scheme.Length);

        var colon = window.IndexOfAny(EndsUrlPart);
        if (colon < 0)
            return open;
        if (window[colon] != ':')
            return Verdict.Stays(Scheme.Length);

        var password = window[(colon + 1)..].IndexOfAny(EndsUrlPart);
        if (password < 0)
            return open;
        var end = colon + 1 + password;
        if (password == 0 || window[end] != '@')
            return Verdict.Stays(Scheme.Length);
        if (rest.Length == end + 1)
            return isLast ? Verdict.Stays(Scheme.Length) : Verdict.Open;
        return Blank.Contains(rest[end + 1]) ? Verdict.Stays(Scheme.Length) : new Verdict(Scheme.Length + end + 1, end + 1);
    }

    private Verdict JudgeProxyAuth(ReadOnlySpan<byte> data, bool isLast)
    {
        var rest = data[ProxyAuth.Length..];
        var window = rest[..Math.Min(rest.Length, MaxCredentialBytes)];
        var colon = window.IndexOfAny(EndsProxyUser);
        if (colon < 0)
            return !isLast && window.Length < MaxCredentialBytes ? Verdict.Open : Verdict.Stays(ProxyAuth.Length);
        if (colon == 0 || window[colon] != ':')
            return Verdict.Stays(ProxyAuth.Length);
        if (rest.Length == colon + 1)
            return isLast ? Verdict.Stays(ProxyAuth.Length) : Verdict.Open;
        _inToken = Token.Contains(rest[colon + 1]);
        var length = ProxyAuth.Length + colon + 1;
        return _inToken ? new Verdict(length, length) : Verdict.Stays(ProxyAuth.Length);
    }

    private int EndOfToken(ReadOnlySpan<byte> data, int from)
    {
        var end = data[from..].IndexOfAnyExcept(Token);
        _inToken = end < 0;
        return _inToken ? data.Length : from + end;
    }

    /// <param name="Length">Bytes that are decided on.</param>
    /// <param name="Removed">How many of them, counted from their end, are taken out.</param>
    private readonly record struct Verdict(int Length, int Removed)
    {
        internal static Verdict Open => default;

        internal bool IsOpen => Length == 0;

        internal static Verdict Stays(int length) => new(length, 0);
    }
}

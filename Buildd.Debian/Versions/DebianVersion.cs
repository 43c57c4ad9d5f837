using System.Globalization;

namespace Buildd.Debian.Versions;

/// <summary>
/// A package's version, <c>[EPOCH:]UPSTREAM[-REVISION]</c> (Policy 5.6.12, deb-version(7)), and the order of versions.
/// Immutable.
/// </summary>
/// <remarks>
/// Two versions of different spelling can be the same: <c>1.0</c>, <c>0:1.0</c>, <c>1.00</c> and <c>1.0-0</c> are equal here.
/// As in dpkg the upstream part need not begin with a digit, though Policy asks for it: some archives have such.
/// </remarks>
public sealed class DebianVersion : IEquatable<DebianVersion>
{
    /// <summary>1000 characters. Nothing bounds a version but the names of files that carry it, which have 255 bytes.</summary>
    public const int MaxLength = 1000;

    private readonly string _text;

    private DebianVersion(string text, int epoch, string upstream, string revision)
    {
        _text = text;
        Epoch = epoch;
        Upstream = upstream;
        Revision = revision;
    }

    /// <summary>The epoch; 0 where none is given.</summary>
    public int Epoch { get; }

    /// <summary>The version of the upstream part; never empty.</summary>
    public string Upstream { get; }

    /// <summary>What follows the last hyphen; empty where there is none, which counts as <c>0</c>.</summary>
    public string Revision { get; }

    /// <summary>Reads a version.</summary>
    /// <exception cref="VersionFormatException">It is none; the message says why.</exception>
    public static DebianVersion Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return FindMistake(text, out var version) is { } mistake ? throw new VersionFormatException(text, mistake) : version!;
    }

    /// <summary>Reads a version, or returns null when the text is none.</summary>
    public static DebianVersion? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return FindMistake(text, out var version) is null ? version : null;
    }

    /// <summary>
    /// Negative when this version is the older one, positive when it is the newer, 0 when they are equal. Null is older than all.
    /// </summary>
    public int CompareTo(DebianVersion? other)
    {
        if (other is null)
            return 1;
        var result = Epoch.CompareTo(other.Epoch);
        if (result == 0)
            result = ComparePart(Upstream, other.Upstream);
        return result != 0 ? result : ComparePart(Revision, other.Revision);
    }

    /// <inheritdoc/>
    public bool Equals(DebianVersion? other) => CompareTo(other) == 0;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is DebianVersion other && Equals(other);

    /// <summary>The same for equal versions, whatever their spelling.</summary>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(Epoch);
        AddPart(ref hash, Upstream);
        hash.Add('-');
        AddPart(ref hash, Revision);
        return hash.ToHashCode();
    }

    /// <summary>The version as it was spelled.</summary>
    public override string ToString() => _text;

    private static string? FindMistake(string text, out DebianVersion? version)
    {
        version = null;
        if (text.Length > MaxLength)
            return $"it is longer than {MaxLength} characters";
        var (epoch, rest) = (0, text);
        if (text.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon)
        {
            rest = text[(colon + 1)..];
            // int.TryParse by itself passes over NULs at the end.
            if (text.AsSpan(0, colon).ContainsAnyExceptInRange('0', '9')
                || !int.TryParse(text.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out epoch))
                return $"its epoch is no number up to {int.MaxValue}";
        }

        var hyphen = rest.LastIndexOf('-');
        var (upstream, revision) = hyphen < 0 ? (rest, "") : (rest[..hyphen], rest[(hyphen + 1)..]);
        if (upstream.Length == 0)
            return "its upstream part is empty";
        if (hyphen >= 0 && revision.Length == 0)
            return "its revision is empty";
        if (!upstream.All(c => IsLetterOfBoth(c) || c is '-' or ':') || !revision.All(IsLetterOfBoth))
            return "it has a character in it that versions have not";
        version = new DebianVersion(text, epoch, upstream, revision);
        return null;
    }

    private static bool IsLetterOfBoth(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '+' or '~';

    /// <summary>
    /// Compares runs of other characters and runs of digits by turns, the former by <see cref="Rank"/>, the latter as numbers
    /// of any length.
    /// </summary>
    private static int ComparePart(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        while (!left.IsEmpty || !right.IsEmpty)
        {
            while (Rank(left) is var rankLeft && Rank(right) is var rankRight && (rankLeft, rankRight) is not (0, 0))
            {
                if (rankLeft != rankRight)
                    return rankLeft.CompareTo(rankRight);
                left = left[1..];
                right = right[1..];
            }

            var numberLeft = TakeNumber(ref left);
            var numberRight = TakeNumber(ref right);
            if (numberLeft.Length != numberRight.Length)
                return numberLeft.Length.CompareTo(numberRight.Length);
            if (numberLeft.SequenceCompareTo(numberRight) is not 0 and var difference)
                return Math.Sign(difference);
        }

        return 0;
    }

    /// <summary>Where the first character sorts: a tilde before the end, which counts as a digit, then letters, then all others.</summary>
    private static int Rank(ReadOnlySpan<char> text) => text switch
    {
        [] => 0,
        ['~', ..] => -1,
        [var c, ..] when char.IsAsciiDigit(c) => 0,
        [var c, ..] when char.IsAsciiLetter(c) => c,
        [var c, ..] => c + char.MaxValue,
    };

    /// <summary>Takes the digits at the front off; without leading zeros, so that nothing is the same as 0.</summary>
    private static ReadOnlySpan<char> TakeNumber(ref ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAnyExceptInRange('0', '9');
        var number = end < 0 ? text : text[..end];
        text = text[number.Length..];
        return number.TrimStart('0');
    }

    private static void AddPart(ref HashCode hash, ReadOnlySpan<char> text)
    {
        // Once at least: nothing at all is the same as 0.
        do
        {
            while (!text.IsEmpty && !char.IsAsciiDigit(text[0]))
            {
                hash.Add(text[0]);
                text = text[1..];
            }

            foreach (var digit in TakeNumber(ref text))
                hash.Add(digit);
            hash.Add(' ');
        }
        while (!text.IsEmpty);
    }
}

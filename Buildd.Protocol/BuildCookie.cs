using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Buildd.Protocol;

/// <summary>
/// The name of a build between master and slave, <c>JOBTYPE-ID</c> such as <c>PACKAGEBUILD-22</c>: the build id of the wire as this
/// master makes it. A slave takes any text, so messages, and all that a slave has and says, stay text.
/// </summary>
/// <param name="JobType">The name of the kind of job; see <see cref="IsJobType"/>.</param>
/// <param name="Id">The build's number, from 1 on.</param>
public sealed record BuildCookie(string JobType, long Id) : ISpanParsable<BuildCookie>
{
    private const char Separator = '-';

    /// <summary>Whether a text can be the name of a kind of job: capital letters and digits, at least one.</summary>
    public static bool IsJobType(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterUpper(c) && !char.IsAsciiDigit(c))
                return false;
        }

        return !text.IsEmpty;
    }

    /// <summary>Reads a cookie.</summary>
    /// <exception cref="FormatException">The text is something else.</exception>
    public static BuildCookie Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var cookie) ? cookie : throw new FormatException("The text is not JOBTYPE-ID, such as PACKAGEBUILD-22.");

    /// <summary>Reads a cookie. Zeros in front of the number are allowed.</summary>
    /// <returns>Whether the text is one.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out BuildCookie? cookie)
    {
        var dash = text.LastIndexOf(Separator);
        cookie = dash > 0 && IsJobType(text[..dash])
            && long.TryParse(text[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0
            ? new BuildCookie(text[..dash].ToString(), id)
            : null;
        return cookie is not null;
    }

    /// <inheritdoc/>
    public static BuildCookie Parse(ReadOnlySpan<char> s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, [NotNullWhen(true)] out BuildCookie? result) =>
        TryParse(s, out result);

    /// <inheritdoc/>
    public static BuildCookie Parse(string s, IFormatProvider? provider) => Parse(s.AsSpan());

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [NotNullWhen(true)] out BuildCookie? result) =>
        TryParse(s, out result);

    /// <summary>Returns <c>JOBTYPE-ID</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{JobType}{Separator}{Id}");
}

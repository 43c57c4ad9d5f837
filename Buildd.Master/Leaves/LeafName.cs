using System.Globalization;
using Buildd.Linux.Files;
using Buildd.Master.Builds;
using Buildd.Protocol;

namespace Buildd.Master.Leaves;

/// <summary>
/// The name of a leaf, <c>YYYYMMDD-HHMMSS-JOBTYPE-ID</c>. Only the last two parts count: they are the build's cookie, and what
/// stands before them is for people and for the order. Immutable.
/// </summary>
/// <param name="Text">The whole name.</param>
/// <param name="Cookie">The build.</param>
internal sealed record LeafName(string Text, BuildCookie Cookie)
{
    /// <summary>The name of a leaf of a build that lands now, by a clock in UTC.</summary>
    /// <remarks>Differs: the original takes local time, which repeats an hour each year.</remarks>
    /// <exception cref="FileNameException">The build's cookie can't be part of a folder's name.</exception>
    internal static LeafName Of(Build build, DateTimeOffset now) => new(
        FileName.Check(now.UtcDateTime.ToString("yyyyMMdd-HHmmss-", CultureInfo.InvariantCulture) + build.Cookie), build.Cookie);

    /// <summary>Reads a name; null when it does not end in a cookie, or can't be a folder's name.</summary>
    public static LeafName? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        // The kind begins with a letter, or the time of a name without a cookie would be one.
        return FileName.FindMistake(text) is null && BuildCookie.TryParse(text.AsSpan(StartOfCookie(text)), out var cookie)
            && char.IsAsciiLetterUpper(cookie.JobType[0])
            ? new LeafName(text, cookie)
            : null;
    }

    /// <summary>
    /// This name with a number before the cookie, for when a folder of the name is there already: whoever reads the name later
    /// still finds the build.
    /// </summary>
    public string Numbered(int number)
    {
        var cookie = StartOfCookie(Text);
        return string.Create(CultureInfo.InvariantCulture, $"{Text[..cookie]}{number}-{Text[cookie..]}");
    }

    /// <summary>Where the last two parts begin.</summary>
    private static int StartOfCookie(string text) =>
        text.LastIndexOf('-') is > 0 and var dash ? text.LastIndexOf('-', dash - 1) + 1 : 0;
}

using System.Globalization;
using Buildd.Linux.Files;
using Buildd.Master.Builds;

namespace Buildd.Master.Leaves;

/// <summary>
/// The name of a leaf, <c>YYYYMMDD-HHMMSS-JOBTYPE-ID</c>. Only the last two parts count: they are the build's cookie, and what
/// stands before them is for people and for the order. Immutable.
/// </summary>
/// <param name="Text">The whole name.</param>
/// <param name="JobType">The kind of build, such as <c>PACKAGEBUILD</c>.</param>
/// <param name="BuildId">The build's number.</param>
internal sealed record LeafName(string Text, string JobType, long BuildId)
{
    /// <summary>The name of a leaf of a build that lands now, by a clock in UTC.</summary>
    /// <remarks>Differs: the original takes local time, which repeats an hour each year.</remarks>
    /// <exception cref="FileNameException">The build's cookie can't be part of a folder's name.</exception>
    internal static LeafName Of(Build build, DateTimeOffset now) => new(
        FileName.Check(now.UtcDateTime.ToString("yyyyMMdd-HHmmss-", CultureInfo.InvariantCulture) + build.Cookie), build.JobType, build.Id);

    /// <summary>Reads a name; null when it does not end in a cookie, or can't be a folder's name.</summary>
    public static LeafName? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (FileName.FindMistake(text) is not null || text.Split('-') is not [.., var jobType, var id])
            return null;
        return TryParseCookie(jobType, id) is { } build ? new LeafName(text, jobType, build) : null;
    }

    /// <summary>
    /// This name with a number before the cookie, for when a folder of the name is there already: whoever reads the name later
    /// still finds the build.
    /// </summary>
    public string Numbered(int number)
    {
        var cookie = Text.LastIndexOf('-', Text.LastIndexOf('-') - 1);
        return cookie < 0
            ? string.Create(CultureInfo.InvariantCulture, $"{number}-{Text}")
            : string.Create(CultureInfo.InvariantCulture, $"{Text[..cookie]}-{number}{Text[cookie..]}");
    }

    private static long? TryParseCookie(string jobType, string id) =>
        jobType.Length > 0 && char.IsAsciiLetterUpper(jobType[0]) && jobType.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c))
        && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : null;
}

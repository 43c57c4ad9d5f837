using System.Globalization;
using Buildd.Protocol;

namespace Buildd.Master.Logs;

/// <summary>A log that is complete and to be gzipped.</summary>
/// <param name="Cookie">Its build.</param>
/// <param name="Attempt">The attempt at it.</param>
/// <param name="Name">The name of the gzipped log.</param>
internal sealed record PendingLog(BuildCookie Cookie, int Attempt, string Name)
{
    /// <summary>Reads what <see cref="ToString"/> returns.</summary>
    public static PendingLog? TryParse(string text, string name) =>
        text.LastIndexOf('.') is > 0 and var dot && BuildCookie.TryParse(text.AsSpan(0, dot), out var cookie)
            && int.TryParse(text.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var attempt)
            ? new PendingLog(cookie, attempt, name)
            : null;

    /// <summary>Returns <c>COOKIE.ATTEMPT</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Cookie}.{Attempt}");
}

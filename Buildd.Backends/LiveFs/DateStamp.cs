using System.Globalization;

namespace Buildd.Backends.LiveFs;

/// <summary>Reads an image's version as a moment.</summary>
internal static class DateStamp
{
    /// <summary>
    /// Midnight UTC of the date it begins with, or the time behind it (<c>20240501-093000</c>, <c>20240501093000</c>), in Unix seconds.
    /// </summary>
    /// <returns>Null when it begins with no date.</returns>
    internal static long? ToEpoch(string text)
    {
        foreach (var (form, length) in ((string, int)[])[("yyyyMMdd-HHmmss", 15), ("yyyyMMddHHmmss", 14), ("yyyyMMdd", 8)])
        {
            // What follows a date is a count, and no further digit of it.
            if (text.Length >= length && (text.Length == length || !char.IsAsciiDigit(text[length]))
                && DateTimeOffset.TryParseExact(
                    text.AsSpan(0, length), form, CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var moment)
                && moment >= DateTimeOffset.UnixEpoch)
            {
                return moment.ToUnixTimeSeconds();
            }
        }

        return null;
    }
}

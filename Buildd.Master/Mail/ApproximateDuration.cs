using System.Globalization;

namespace Buildd.Master.Mail;

/// <summary>Durations as people say them.</summary>
internal static class ApproximateDuration
{
    private static readonly (double Below, string Text)[] Seconds =
    [
        (1.5, "1 second"), (2.5, "2 seconds"), (3.5, "3 seconds"), (4.5, "4 seconds"), (7.5, "5 seconds"), (12.5, "10 seconds"),
        (17.5, "15 seconds"), (22.5, "20 seconds"), (27.5, "25 seconds"), (35, "30 seconds"), (45, "40 seconds"), (55, "50 seconds"),
        (90, "1 minute"),
    ];

    /// <summary>Such as <c>20 seconds</c>, <c>1 hour 10 minutes</c>, <c>3 weeks</c>. What is negative is taken for nothing.</summary>
    public static string Text(TimeSpan duration)
    {
        if (Array.Find(Seconds, row => duration.TotalSeconds < row.Below).Text is { } text)
            return text;
        var minutes = (int)Math.Round(duration.TotalMinutes, MidpointRounding.AwayFromZero);
        if (minutes <= 59)
            return Count(minutes, "minute");
        if (duration.TotalMinutes < 65)
            return "1 hour";
        if (duration.TotalHours < 10)
        {
            var tens = (int)Math.Round(duration.TotalMinutes / 10, MidpointRounding.AwayFromZero);
            var (hours, rest) = (tens / 6, tens % 6 * 10);
            return rest == 0 ? Count(hours, "hour") : $"{Count(hours, "hour")} {Count(rest, "minute")}";
        }

        if (duration.TotalHours < 10.5)
            return "10 hours";
        var wholeHours = (int)Math.Round(duration.TotalHours, MidpointRounding.AwayFromZero);
        if (wholeHours <= 47)
            return Count(wholeHours, "hour");
        if (duration.TotalDays < 2.5)
            return "2 days";
        var days = (int)Math.Round(duration.TotalDays, MidpointRounding.AwayFromZero);
        return days <= 13 ? Count(days, "day") : Count((int)Math.Round(duration.TotalDays / 7, MidpointRounding.AwayFromZero), "week");
    }

    private static string Count(int count, string unit) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {unit}{(count == 1 ? "" : "s")}");
}

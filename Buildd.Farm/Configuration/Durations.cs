using System.Globalization;

namespace Buildd.Farm.Configuration;

/// <summary>Lengths of time as people write them: <c>15</c>, <c>15 s</c>, <c>5 min</c>, <c>2 h</c>.</summary>
internal static class Durations
{
    internal const string Expected = "a time such as 15 s, 5 min or 2 h, more than zero and at most a week";

    private static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    internal static bool TryParse(string text, out TimeSpan time)
    {
        var digits = text.TrimEnd().Length - text.TrimEnd().TrimStart("0123456789.").Length;
        double? unit = text[digits..].Trim() switch
        {
            "" or "s" => 1,
            "min" => 60,
            "h" => 3600,
            _ => null,
        };
        time = default;
        if (unit is not { } seconds
            || !double.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            return false;
        if (number * seconds <= 0 || number * seconds > Longest.TotalSeconds)
            return false;
        time = TimeSpan.FromSeconds(number * seconds);
        return time > TimeSpan.Zero;
    }
}

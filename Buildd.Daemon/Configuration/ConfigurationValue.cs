using System.Globalization;

namespace Buildd.Daemon.Configuration;

/// <summary>How values are spelled in a configuration file: truths, sizes and times.</summary>
internal static class ConfigurationValue
{
    internal const string FlagForm = "yes or no";
    internal const string BytesForm = "a number of bytes, or one with K, M, G or T behind it";
    internal const string DurationForm = "a number of seconds, or one with s, m, h or d behind it";

    /// <summary>The words of Python's ConfigParser, in any case.</summary>
    internal static bool TryParseFlag(string text, out bool value)
    {
        bool? found = text.ToLowerInvariant() switch
        {
            "1" or "yes" or "true" or "on" => true,
            "0" or "no" or "false" or "off" => false,
            _ => null,
        };
        value = found ?? false;
        return found is not null;
    }

    /// <summary>Digits, and K, M, G or T in any case for powers of 1024. Never negative.</summary>
    internal static bool TryParseBytes(string text, out long value) => TryScale(
        text,
        unit => unit switch { 'k' => 1L << 10, 'm' => 1L << 20, 'g' => 1L << 30, 't' => 1L << 40, _ => null },
        long.MaxValue,
        out value);

    /// <summary>Digits, and s, m, h or d in any case for the unit; seconds without one. Never negative.</summary>
    internal static bool TryParseDuration(string text, out TimeSpan value)
    {
        var good = TryScale(
            text,
            unit => unit switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => null },
            TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerSecond,
            out var seconds);
        value = TimeSpan.FromSeconds(seconds);
        return good;
    }

    private static bool TryScale(string text, Func<char, long?> factorOf, long max, out long value)
    {
        value = 0;
        var factor = text.Length > 0 ? factorOf(char.ToLowerInvariant(text[^1])) : null;
        var digits = factor is null ? text : text[..^1].TrimEnd();
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > max / (factor ?? 1))
            return false;
        value = number * (factor ?? 1);
        return true;
    }
}

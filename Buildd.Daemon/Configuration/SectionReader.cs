using System.Globalization;

namespace Buildd.Daemon.Configuration;

/// <summary>
/// Reads the values of one section. What is wrong is collected, so that all of it can be told at once; the value is then
/// the default. What was asked for is kept: a key of the file that nobody asked for is a mistyped one.
/// </summary>
/// <remarks>A key may be asked for several times, as for each kind of build: what is wrong with it is told once.</remarks>
internal sealed class SectionReader(IniFile file, string section)
{
    private readonly HashSet<string> _keys = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _mistakes = [];

    internal string Section => section;

    /// <summary>The keys that were asked for.</summary>
    internal IReadOnlyCollection<string> Keys => _keys;

    internal IReadOnlyCollection<string> Mistakes => _mistakes;

    /// <summary>The value as it stands there; null when the key is not there.</summary>
    internal string? Text(string key)
    {
        _keys.Add(key);
        try
        {
            return file.Find(section, key);
        }
        catch (ConfigurationException e)
        {
            Add(e.Message);
            return null;
        }
    }

    /// <summary>The same; it is a mistake when there is none or an empty one.</summary>
    internal string Required(string key)
    {
        var before = _mistakes.Count;
        if (Text(key) is { Length: > 0 } value)
            return value;
        if (_mistakes.Count == before)
            Add($"[{section}] {key} is missing");
        return "";
    }

    internal bool Flag(string key, bool fallback)
    {
        if (Text(key) is not { } text)
            return fallback;
        if (!ConfigurationValue.TryParseFlag(text, out var value))
            Mistake(key, text, ConfigurationValue.FlagForm);
        return value;
    }

    internal long Bytes(string key, long fallback, long least = 0, long most = long.MaxValue)
    {
        if (Text(key) is not { } text)
            return fallback;
        if (!ConfigurationValue.TryParseBytes(text, out var value))
            Mistake(key, text, ConfigurationValue.BytesForm);
        else if (value < least || value > most)
            Mistake(key, text, $"from {least} to {most} bytes");
        else
            return value;
        return fallback;
    }

    internal long Number(string key, long fallback, long least, long most)
    {
        if (Text(key) is not { } text)
            return fallback;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
            return value;
        Mistake(key, text, $"a number from {least} to {most}");
        return fallback;
    }

    internal TimeSpan Duration(string key, TimeSpan fallback, TimeSpan least, TimeSpan most)
    {
        if (Text(key) is not { } text)
            return fallback;
        if (!ConfigurationValue.TryParseDuration(text, out var value))
            Mistake(key, text, ConfigurationValue.DurationForm);
        else if (value < least || value > most)
            Mistake(key, text, $"from {least.TotalSeconds:0} to {most.TotalSeconds:0} seconds");
        else
            return value;
        return fallback;
    }

    /// <summary>Tells what is wrong in words of the caller's.</summary>
    internal void Mistake(string text) => Add($"[{section}] {text}");

    /// <summary>Tells that a value is none of what it may be.</summary>
    internal void Mistake(string key, string value, string form) =>
        Add($"[{section}] {key} is '{value}'; it has to be {form}");

    private void Add(string mistake)
    {
        if (!_mistakes.Contains(mistake))
            _mistakes.Add(mistake);
    }
}

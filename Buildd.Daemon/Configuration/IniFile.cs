using System.Text;

namespace Buildd.Daemon.Configuration;

/// <summary>
/// An INI file by the rules that the reference's files are written for, which are those of Python's ConfigParser: keys
/// without regard to case and sections with, <c>=</c> or <c>:</c>, <c>#</c> and <c>;</c> at the start of a line for
/// comments, indented lines continuing a value, <c>%(key)s</c> standing for another key of the section and <c>%%</c> for a
/// percent sign, and no unquoting.
/// </summary>
public sealed class IniFile
{
    /// <summary>How far one value may lead to the next through <c>%(key)s</c>; ConfigParser's figure.</summary>
    private const int MaxExpansionDepth = 10;

    /// <summary>A configuration file has no business being longer, in characters.</summary>
    private const int MaxLength = 1024 * 1024;

    private readonly string _name;
    private readonly Dictionary<string, Dictionary<string, string>> _sections;

    private IniFile(string name, Dictionary<string, Dictionary<string, string>> sections)
    {
        _name = name;
        _sections = sections;
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="ConfigurationException">It can't be read, or a line is no line of an INI file; the message names it.</exception>
    public static IniFile Load(string path)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > MaxLength })
                throw new ConfigurationException($"{path}: longer than {MaxLength} bytes: this is no configuration file");
            return Parse(path, File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"the configuration file '{path}' can't be read: {e.Message}", e);
        }
    }

    /// <summary>Reads text, calling it <paramref name="name"/> in messages.</summary>
    /// <exception cref="ConfigurationException">A line is no line of an INI file; the message names it.</exception>
    public static IniFile Parse(string name, string text)
    {
        var sections = new Dictionary<string, Dictionary<string, string>>(StringComparer.Ordinal);
        Dictionary<string, string>? section = null;
        string? key = null;
        var lines = text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].TrimEnd();
            var content = line.TrimStart();
            if (content.Length == 0 || content[0] is '#' or ';')
                continue;

            if (char.IsWhiteSpace(line[0]) && key is not null)
            {
                section![key] = $"{section[key]}\n{content}";
            }
            else if (content[0] == '[')
            {
                var end = content.IndexOf(']', StringComparison.Ordinal);
                if (end < 2)
                    throw Mistake(name, i, "a section needs a name in brackets");
                if (!sections.TryAdd(content[1..end], section = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)))
                    throw Mistake(name, i, $"the section [{content[1..end]}] is there twice");
                key = null;
            }
            else
            {
                var separator = content.IndexOfAny(['=', ':']);
                if (separator < 1)
                    throw Mistake(name, i, "neither a section, nor a comment, nor KEY = VALUE");
                if (section is null)
                    throw Mistake(name, i, "a value before the first section");
                key = content[..separator].TrimEnd();
                if (!section.TryAdd(key, content[(separator + 1)..].TrimStart()))
                    throw Mistake(name, i, $"the key '{key}' is there twice");
            }
        }

        return new IniFile(name, sections);
    }

    /// <summary>Whether there is such a section.</summary>
    public bool HasSection(string section) => _sections.ContainsKey(section);

    /// <summary>A value with what it refers to put in; null when it is not there.</summary>
    /// <exception cref="ConfigurationException">It refers to something that is not there, or to itself.</exception>
    public string? Find(string section, string key) =>
        _sections.TryGetValue(section, out var values) && values.TryGetValue(key, out var raw)
            ? Expand(section, key, raw, values, MaxExpansionDepth)
            : null;

    private string Expand(string section, string key, string raw, Dictionary<string, string> values, int depth)
    {
        if (depth == 0)
            throw new ConfigurationException($"{_name}: [{section}] {key}: more than {MaxExpansionDepth} values refer to each other");

        var result = new StringBuilder();
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] != '%')
            {
                result.Append(raw[i]);
                continue;
            }

            var end = raw.IndexOf(")s", i, StringComparison.Ordinal);
            if (raw.AsSpan(i).StartsWith("%%"))
            {
                result.Append('%');
                i++;
            }
            else if (raw.AsSpan(i).StartsWith("%(") && end > 0 && values.TryGetValue(raw[(i + 2)..end], out var other))
            {
                result.Append(Expand(section, key, other, values, depth - 1));
                i = end + 1;
            }
            else
            {
                throw new ConfigurationException($"{_name}: [{section}] {key}: after a percent sign comes another, or (KEY)s with a key of this section");
            }
        }

        return result.ToString();
    }

    private static ConfigurationException Mistake(string name, int index, string what) => new($"{name}: line {index + 1}: {what}");
}

using System.Text;

namespace Buildd.Daemon.Configuration;

/// <summary>
/// An INI file by the rules that the reference's files are written for, which are those of Python's ConfigParser: keys
/// without regard to case and sections with, <c>=</c> or <c>:</c>, <c>#</c> and <c>;</c> at the start of a line for
/// comments, indented lines continuing a value, <c>%(key)s</c> standing for another key of the section and <c>%%</c> for a
/// percent sign, <c>[DEFAULT]</c> for keys that all sections have unless they have them themselves, and no unquoting.
/// </summary>
internal sealed class IniFile
{
    /// <summary>The section whose keys every other one has.</summary>
    private const string Defaults = "DEFAULT";

    /// <summary>How far one value may lead to the next through <c>%(key)s</c>; ConfigParser's figure.</summary>
    private const int MaxExpansionDepth = 10;

    /// <summary>A configuration file has no business being longer, in characters.</summary>
    private const int MaxLength = 1024 * 1024;

    /// <summary>So many mistakes are told: a file that has more is something else altogether.</summary>
    private const int MaxMistakes = 20;

    private readonly string _name;
    private readonly Dictionary<string, Dictionary<string, string>> _sections;
    private readonly Dictionary<string, int> _sectionLines;

    private IniFile(
        string name, Dictionary<string, Dictionary<string, string>> sections, Dictionary<string, int> sectionLines,
        IReadOnlyList<IniKey> keys)
    {
        _name = name;
        _sections = sections;
        _sectionLines = sectionLines;
        Keys = keys;
    }

    /// <summary>The keys that are in the file, in its order.</summary>
    public IReadOnlyList<IniKey> Keys { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="ConfigurationException">It can't be read, or lines are no lines of an INI file; the message names each.</exception>
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
    /// <exception cref="ConfigurationException">Lines are no lines of an INI file; the message names each.</exception>
    public static IniFile Parse(string name, string text)
    {
        var sections = new Dictionary<string, Dictionary<string, string>>(StringComparer.Ordinal);
        var sectionLines = new Dictionary<string, int>(StringComparer.Ordinal);
        var keys = new List<IniKey>();
        var mistakes = new List<string>();
        Dictionary<string, string>? section = null;
        var sectionName = "";
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
                // Also after a mistake: what follows belongs to it, and is not worth a mistake of its own.
                section = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
                key = null;
                var end = content.IndexOf(']', StringComparison.Ordinal);
                sectionName = end < 2 ? "" : content[1..end];
                if (end < 2)
                    Mistake(i, "a section needs a name in brackets");
                else if (!sections.TryAdd(sectionName, section))
                    Mistake(i, $"the section [{sectionName}] is there twice");
                else
                    sectionLines.Add(sectionName, i + 1);
            }
            else
            {
                key = null; // no line continues a mistake
                var separator = content.IndexOfAny(['=', ':']);
                var found = separator < 1 ? "" : content[..separator].TrimEnd();
                if (separator < 1)
                {
                    Mistake(i, "neither a section, nor a comment, nor KEY = VALUE");
                }
                else if (section is null)
                {
                    Mistake(i, "a value before the first section");
                }
                else if (!section.TryAdd(found, content[(separator + 1)..].TrimStart()))
                {
                    Mistake(i, $"the key '{found}' is there twice");
                }
                else
                {
                    key = found;
                    keys.Add(new IniKey(sectionName, found, i + 1));
                }
            }
        }

        if (mistakes.Count > MaxMistakes)
            mistakes = [.. mistakes.Take(MaxMistakes), $"{name}: and {mistakes.Count - MaxMistakes} more lines"];
        if (mistakes.Count > 0)
            throw new ConfigurationException(string.Join('\n', mistakes));
        // Whether somebody needs a key of it is every section's own affair, so none is a key of the file.
        if (sections.Remove(Defaults, out var defaults))
        {
            foreach (var values in sections.Values)
            {
                foreach (var (given, value) in defaults)
                    values.TryAdd(given, value);
            }

            keys.RemoveAll(one => one.Section == Defaults);
        }

        return new IniFile(name, sections, sectionLines, keys);

        void Mistake(int index, string what) => mistakes.Add($"{name}: line {index + 1}: {what}");
    }

    /// <summary>Whether there is such a section.</summary>
    public bool HasSection(string section) => _sections.ContainsKey(section);

    /// <summary>The line that a section begins in, from 1; 1 where there is no such section.</summary>
    public int LineOf(string section) => _sectionLines.GetValueOrDefault(section, 1);

    /// <summary>A value with what it refers to put in; null when it is not there.</summary>
    /// <exception cref="ConfigurationException">It refers to something that is not there, or to itself.</exception>
    public string? Find(string section, string key) =>
        _sections.TryGetValue(section, out var values) && values.TryGetValue(key, out var raw)
            ? Expand(section, key, raw, values, MaxExpansionDepth)
            : null;

    private string Expand(string section, string key, string raw, Dictionary<string, string> values, int depth)
    {
        if (depth == 0)
            throw new ConfigurationException(
                $"{_name}: line {LineOf(section, key)}: [{section}] {key}: more than {MaxExpansionDepth} values refer to each other");

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
                throw new ConfigurationException(
                    $"{_name}: line {LineOf(section, key)}: [{section}] {key}: after a percent sign comes another, or (KEY)s with a key "
                        + "of this section");
            }
        }

        return result.ToString();
    }

    private int LineOf(string section, string key) =>
        Keys.First(found => found.Section == section && found.Key.Equals(key, StringComparison.OrdinalIgnoreCase)).Line;
}

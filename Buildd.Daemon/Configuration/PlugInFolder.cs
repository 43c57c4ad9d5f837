using Buildd.Backends.PlugIn;
using Buildd.Linux.Text;

namespace Buildd.Daemon.Configuration;

/// <summary>The folder of plug-ins: each file <c>NAME.conf</c> in it makes an executable a kind of build.</summary>
internal static class PlugInFolder
{
    /// <summary>The folder that is looked at when the configuration names none; it need not be there.</summary>
    internal const string Default = "/etc/buildd/backends.d";

    private const string Ending = ".conf";
    private const string Section = "backend";
    private static readonly string[] Keys = ["tag", "command", "timeout", "stall-timeout", "network"];

    /// <summary>Reads the files, in the order of their names.</summary>
    /// <param name="folder">The folder that the configuration names; null means <see cref="Default"/>.</param>
    /// <param name="taken">Tags of the backends that are there without any file.</param>
    /// <param name="mistakes">Gets what is wrong: a line for each mistake of each file.</param>
    internal static IReadOnlyList<PlugInOptions> Read(string? folder, IEnumerable<string> taken, ICollection<string> mistakes)
    {
        if (folder is null && !Directory.Exists(Default))
            return [];

        var plugIns = new List<PlugInOptions>();
        var owners = taken.ToDictionary(tag => tag, _ => "buildd-slave itself", StringComparer.Ordinal);
        foreach (var path in Find(folder ?? Default, mistakes))
        {
            if (Load(path, mistakes) is not { } file)
                continue;

            var before = mistakes.Count;
            var reader = new FileReader(path, file, mistakes);
            var plugIn = reader.Read();
            if (plugIn.Tag.Length > 0 && !owners.TryAdd(plugIn.Tag, path))
                reader.Mistake("tag", $"the tag '{plugIn.Tag}' is taken by {owners[plugIn.Tag]}");
            if (mistakes.Count == before)
                plugIns.Add(plugIn);
        }

        return plugIns;
    }

    private static List<string> Find(string folder, ICollection<string> mistakes)
    {
        try
        {
            return
            [
                .. Directory.EnumerateFileSystemEntries(folder)
                    .Where(path => path.EndsWith(Ending, StringComparison.Ordinal) && Path.GetFileName(path) != Ending)
                    .Order(StringComparer.Ordinal),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException) // the last for no name at all
        {
            mistakes.Add($"the folder of backends '{folder}' can't be read: {e.Message}");
            return [];
        }
    }

    private static IniFile? Load(string path, ICollection<string> mistakes)
    {
        try
        {
            return IniFile.Load(path);
        }
        catch (ConfigurationException e)
        {
            foreach (var mistake in e.Message.Split('\n'))
                mistakes.Add(mistake);
            return null;
        }
    }

    /// <summary>Reads one file.</summary>
    private sealed class FileReader(string path, IniFile file, ICollection<string> mistakes)
    {
        internal PlugInOptions Read()
        {
            if (!file.HasSection(Section))
                mistakes.Add($"{path}: line 1: there is no section [{Section}]");
            foreach (var key in file.Keys.Where(key => key.Section != Section || !Keys.Contains(key.Key, StringComparer.OrdinalIgnoreCase)))
                mistakes.Add($"{path}: line {key.Line}: nothing reads the key '{key.Key}' of [{key.Section}]");
            return new PlugInOptions
            {
                Tag = ReadTag(),
                Command = ReadCommand(),
                Timeout = ReadTime("timeout"),
                StallTimeout = ReadTime("stall-timeout"),
                Network = ReadFlag("network"),
            };
        }

        /// <summary>Tells of a mistake, with the line of the key, or of the section where the key is not there.</summary>
        internal void Mistake(string key, string what) => mistakes.Add($"{path}: line {LineOf(key)}: {what}");

        private string ReadTag()
        {
            var tag = Required("tag");
            if (tag.Length == 0 || PlugInOptions.IsTag(tag))
                return tag;
            Mistake("tag", $"tag '{Shown(tag)}' is none: small letters, digits and dashes, and no dash first");
            return "";
        }

        private string ReadCommand()
        {
            var command = Required("command");
            if (command.Length > 0 && FindMistake(command) is { } mistake)
                Mistake("command", $"command '{Shown(command)}' {mistake}");
            return command;
        }

        private static string? FindMistake(string command)
        {
            if (command.Any(char.IsControl))
                return "has a control character in it";
            if (!Path.IsPathFullyQualified(command))
                return "is not an absolute path";
            if (Directory.Exists(command))
                return "is a folder";
            if (!File.Exists(command))
                return "does not exist; it has to be one path, without arguments";
            const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
            return (File.GetUnixFileMode(command) & Executable) == 0 ? "is not executable" : null;
        }

        private TimeSpan ReadTime(string key)
        {
            if (Find(key) is not { } text)
                return TimeSpan.Zero;
            if (!ConfigurationValue.TryParseDuration(text, out var value))
                Mistake(key, $"{key} is '{Shown(text)}'; it has to be {ConfigurationValue.DurationForm}; 0 means no limit");
            else if (value > PlugInOptions.MaxTimeout)
                Mistake(
                    key, $"{key} is '{Shown(text)}'; the most is {PlugInOptions.MaxTimeout.TotalSeconds:0} seconds, and 0 means no limit");
            else
                return value;
            return TimeSpan.Zero;
        }

        private bool? ReadFlag(string key)
        {
            if (Find(key) is not { } text)
                return null;
            if (ConfigurationValue.TryParseFlag(text, out var value))
                return value;
            Mistake(key, $"{key} is '{Shown(text)}'; it has to be {ConfigurationValue.FlagForm}");
            return null;
        }

        private string Required(string key)
        {
            var before = mistakes.Count;
            if (Find(key) is { Length: > 0 } value)
                return value;
            if (mistakes.Count == before && file.HasSection(Section))
                Mistake(key, $"[{Section}] {key} is missing");
            return "";
        }

        private string? Find(string key)
        {
            try
            {
                return file.Find(Section, key);
            }
            catch (ConfigurationException e)
            {
                mistakes.Add(e.Message);
                return null;
            }
        }

        private int LineOf(string key) =>
            file.Keys.FirstOrDefault(found => found.Section == Section && found.Key.Equals(key, StringComparison.OrdinalIgnoreCase))?.Line
            ?? file.LineOf(Section);

        private static string Shown(string value) => Printable.Line(value, replacement: ' ');
    }
}

using Buildd.Backends.LiveFs;
using Buildd.Protocol.Messages;
using Buildd.Slave.Files;

namespace Buildd.Daemon.Configuration;

/// <summary>The keys of <c>[livefs]</c>: what a master may have an image made from.</summary>
internal static class LiveFsReader
{
    internal const string Section = WireNames.Managers.LiveFs;

    private static readonly char[] Separators = [' ', ',', '\t', '\n', '\r'];

    internal static LiveFsOptions Read(SectionReader reader, LiveFsOptions options) => options with
    {
        FileBranches = ReadFolders(reader),
        BranchHosts = ReadHosts(reader),
        EnvironmentNames = ReadNames(reader) ?? options.EnvironmentNames,
    };

    /// <summary>The folders that builds may read, for the side that lets them; it has a list of mistakes of its own.</summary>
    internal static IReadOnlyCollection<string> ReadFolders(SectionReader reader, List<string> mistakes)
    {
        var folders = ReadFolders(reader);
        mistakes.AddRange(reader.Mistakes);
        return folders;
    }

    private static List<string> ReadFolders(SectionReader reader)
    {
        const string Key = "file-branches";
        var folders = new List<string>();
        foreach (var folder in Words(reader, Key) ?? [])
        {
            var path = folder.TrimEnd('/');
            if (path.Length > 1 && path[0] == '/' && path[1..].Split('/').All(part => part is not ("" or "." or "..")))
                folders.Add(path);
            else
                reader.Mistake(Key, folder, "full paths of folders, and not of all there is, with blanks or commas between them");
        }

        return folders;
    }

    private static List<HostPattern>? ReadHosts(SectionReader reader)
    {
        const string Key = "branch-hosts";
        if (Words(reader, Key) is not { } words)
            return null;
        var hosts = new List<HostPattern>();
        foreach (var word in words)
        {
            if (HostPattern.TryParse(word, out var host))
                hosts.Add(host);
            else
                reader.Mistake(Key, word, HostPattern.Form);
        }

        return hosts;
    }

    private static List<NamePattern>? ReadNames(SectionReader reader)
    {
        const string Key = "environment-names";
        if (Words(reader, Key) is not { } words)
            return null;
        var names = new List<NamePattern>();
        foreach (var word in words)
        {
            if (NamePattern.TryParse(word, out var name))
                names.Add(name);
            else
                reader.Mistake(Key, word, NamePattern.Form);
        }

        return names;
    }

    private static string[]? Words(SectionReader reader, string key) =>
        reader.Text(key)?.Split(Separators, StringSplitOptions.RemoveEmptyEntries);
}

using Buildd.Backends.BinaryPackage;
using Buildd.Backends.Root;
using Buildd.Daemon.Configuration;

namespace Buildd.Daemon.Root;

/// <summary>What the privileged side takes from the configuration file, which only root may have written.</summary>
/// <param name="User">Who may ask for privileged operations.</param>
/// <param name="Place">Where they take place.</param>
internal sealed record RootConfiguration(UserAccount User, RootPlace Place)
{
    /// <summary>Reads the file.</summary>
    /// <exception cref="ConfigurationException">Somebody else than root can write it, or it does not say what is needed.</exception>
    internal static RootConfiguration Load(string path)
    {
        if (RootOnly.FindMistake(path) is { } mistake)
            throw new ConfigurationException($"the configuration can't be trusted: {mistake}");

        var file = IniFile.Load(path);
        var reader = new SectionReader(file, DaemonConfiguration.SectionOf(file));
        var name = reader.Text(DaemonConfiguration.UserKey) ?? DaemonConfiguration.DefaultUser;
        var user = UserAccount.Find(name);
        // HOME, where a slave builds unless told otherwise, is not asked here: whoever calls could set it.
        var (cache, work) = (reader.Required("filecache"), reader.Text("workpath") ?? user?.Home ?? "");
        var mistakes = new List<string>(reader.Mistakes);
        if (user is null)
            mistakes.Add($"there is no user '{name}' on this machine: set user in [builder] to who runs the slave");
        else if (!Path.IsPathFullyQualified(work))
            mistakes.Add("workpath is no full path");
        if (cache.Length > 0 && !Path.IsPathFullyQualified(cache))
            mistakes.Add("filecache is no full path");
        var readable = LiveFsReader.ReadFolders(new SectionReader(file, LiveFsReader.Section), mistakes);
        if (mistakes.Count > 0)
            throw new ConfigurationException($"the configuration file '{path}' can't be used:\n  " + string.Join("\n  ", mistakes));

        return new RootConfiguration(user!, new RootPlace
        {
            WorkDirectory = work,
            FileCacheDirectory = cache,
            SchrootDirectory = new BinaryPackageOptions().SchrootDirectory,
            Owners = [user!.Id],
            ReadableFolders = readable,
        });
    }
}

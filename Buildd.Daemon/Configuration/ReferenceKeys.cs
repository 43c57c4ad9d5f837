namespace Buildd.Daemon.Configuration;

/// <summary>What stands in the reference's files, of today and of old, and has no meaning here. It is no reason for a warning.</summary>
internal static class ReferenceKeys
{
    private static readonly string[] Builder = ["ntphost", "sharepath", "proxyport"];

    private static readonly string[] Proxy = ["snapstore", "clamavdatabase"];

    /// <summary>A section of today (the first), and those that the reference's upgrades take out again.</summary>
    private static readonly string[] Sections =
    [
        "translationtemplatesmanager", "allmanagers", "debianmanager", "binarypackagemanager",
        "sourcepackagerecipemanager", "livefilesystemmanager", "snapmanager",
    ];

    /// <summary>Whether it does. A file with the section's old name is of a time when it held paths of helpers and more.</summary>
    internal static bool Contains(string section, string key) => section switch
    {
        DaemonConfiguration.Section => Builder.Contains(key, StringComparer.OrdinalIgnoreCase),
        DaemonConfiguration.OldSection => true,
        "proxy" => Proxy.Contains(key, StringComparer.OrdinalIgnoreCase),
        _ => Sections.Contains(section),
    };
}

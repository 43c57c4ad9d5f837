using Buildd.Linux.Files;

namespace Buildd.Farm.Settings;

/// <summary>A setting of the farm that people change while it runs.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Default">Its value where nobody has set it.</param>
/// <param name="Description">What it decides, as a sentence.</param>
/// <param name="Check">Returns what must be there instead; null for a value that may be.</param>
internal sealed record KnownSetting(string Name, string Default, string Description, Func<string, string?> Check);

/// <summary>All settings; a new one is a line here.</summary>
internal static class KnownSettings
{
    private const string Yes = "yes";
    private const string No = "no";

    /// <summary>Whether live filesystems and builds of them can be made; its name is Launchpad's.</summary>
    internal static KnownSetting AllowNewLiveFilesystems { get; } = new(
        "soyuz.livefs.allow_new",
        No,
        "Whether people may make live filesystems and request builds of them.",
        YesOrNo);

    /// <summary>All, by name.</summary>
    internal static IReadOnlyList<KnownSetting> All { get; } = [AllowNewLiveFilesystems];

    /// <summary>The setting of a name.</summary>
    /// <exception cref="FarmException">There is none.</exception>
    internal static KnownSetting Get(string name) => All.FirstOrDefault(setting => setting.Name == name)
        ?? throw FarmException.NotFound(
            $"there is no setting called {FileName.Display(name)}; there are {string.Join(", ", All.Select(setting => setting.Name))}");

    /// <summary>Whether a value of a setting that is yes or no is yes.</summary>
    internal static bool IsYes(string value) => value == Yes;

    private static string? YesOrNo(string value) => value is Yes or No ? null : $"{Yes} or {No}";
}

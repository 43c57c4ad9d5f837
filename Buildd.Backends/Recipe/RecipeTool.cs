using Buildd.Linux.Processes;

namespace Buildd.Backends.Recipe;

/// <summary>The programs that make a source tree of a recipe. They run on this machine, as the build's user.</summary>
internal static class RecipeTool
{
    /// <summary>For recipes of git.</summary>
    internal const string Git = "git-build-recipe";

    /// <summary>For recipes of Bazaar, in today's systems.</summary>
    internal const string Breezy = "brz-build-daily-recipe";

    /// <summary>For recipes of Bazaar, in yesterday's systems, with the package bzr-builder.</summary>
    internal const string Bazaar = "bzr";

    /// <summary>
    /// From where sources may come. Other transports of git run what a recipe says (<c>ext::</c>) or read this machine's own
    /// files (<c>file:</c>).
    /// </summary>
    internal const string AllowedProtocols = "http:https:git:ssh";

    /// <summary>The folders of the plugin that adds the command <c>dailydeb</c>.</summary>
    private static readonly string[] BazaarPlugins =
        ["/usr/lib/python2.7/dist-packages/bzrlib/plugins/builder", "/usr/lib/python3/dist-packages/breezy/plugins/builder"];

    /// <summary>The beginning of the command for a recipe; null when this machine has no tool for it.</summary>
    internal static Command? Find(bool git, Func<string, bool> isInstalled)
    {
        if (git)
            return isInstalled(Git) ? Command.Of(Git) : null;
        if (isInstalled(Breezy))
            return Command.Of(Breezy);
        return isInstalled(Bazaar) ? Command.Of(Bazaar, "-Derror", "dailydeb") : null;
    }

    /// <summary>
    /// Whether a program is where every Debian system looks for it. That of Bazaar counts with the plugin for recipes only: what is
    /// called <c>bzr</c> since Debian 11 is Breezy, which has none.
    /// </summary>
    internal static bool IsInstalled(string name) =>
        ((string[])["/usr/local/bin", "/usr/bin", "/bin"]).Any(folder => File.Exists(Path.Combine(folder, name)))
        && (name != Bazaar || BazaarPlugins.Any(Directory.Exists));
}

using Buildd.Backends.DebianBuilds;
using Buildd.Backends.Environments;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.Recipe;

/// <summary>Makes a Debian source package of a recipe: a text that says which branches are put together, and how.</summary>
/// <param name="options">How recipes are built.</param>
/// <param name="trial">
/// Whether this machine can mount overlays; the same for all backends of a slave. Null, the default, is for a slave with one backend.
/// </param>
public sealed class RecipeBackend(RecipeOptions options, OverlayTrial? trial = null)
    : DebianBackend<RecipeOptions>(WireNames.Managers.SourcePackageRecipe, options, trial)
{
    /// <summary>
    /// Returns a sentence on why recipes of no sort can be built as these options say; null when some can. A backend is offered
    /// only then.
    /// </summary>
    public static string? FindMistake(RecipeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.Environment is EnvironmentKind.Unshare
            ? "builds of recipes are not offered, since the tool that reads them does not reach the files of the environment 'unshare': "
                + "set environment in [sourcepackagerecipe]"
            : FindMistake(RecipeTool.IsInstalled);
    }

    /// <summary>
    /// Returns a sentence on which sort of recipes can't be built here although another can; null when both can, or none.
    /// </summary>
    public static string? FindGap() => FindGap(RecipeTool.IsInstalled);

    internal static string? FindMistake(Func<string, bool> isInstalled) =>
        RecipeTool.Find(git: true, isInstalled) is null && RecipeTool.Find(git: false, isInstalled) is null
            ? $"builds of recipes are not offered, since none of {RecipeTool.Git}, {RecipeTool.Breezy} and {RecipeTool.Bazaar} "
                + "with dailydeb is on this machine: install git-build-recipe, and start again"
            : null;

    internal static string? FindGap(Func<string, bool> isInstalled) =>
        (RecipeTool.Find(git: true, isInstalled), RecipeTool.Find(git: false, isInstalled)) switch
        {
            (not null, null) => $"recipes of Bazaar can't be built, only those of git: neither {RecipeTool.Breezy} nor {RecipeTool.Bazaar} "
                + "with dailydeb is on this machine, and Debian 12 has no package of them",
            (null, not null) => $"recipes of git can't be built, only those of Bazaar: {RecipeTool.Git} is not on this machine: "
                + "install git-build-recipe, and start again",
            _ => null,
        };

    /// <inheritdoc/>
    private protected override (DebianArguments System, IDebianWork Work) Read(BuildRequest request)
    {
        var recipe = RecipeRequest.Parse(request);
        return (recipe.System, new RecipeWork(recipe.Arguments, Options));
    }
}

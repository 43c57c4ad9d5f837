using Buildd.Backends.Environments;
using Buildd.Backends.Phases;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.Recipe;

/// <summary>Makes a Debian source package of a recipe: a text that says which branches are put together, and how.</summary>
public sealed class RecipeBackend(RecipeOptions options) : IBuildBackend
{
    /// <summary>How recipes are built.</summary>
    public RecipeOptions Options { get; } = options;

    /// <inheritdoc/>
    public string Tag => WireNames.Managers.SourcePackageRecipe;

    /// <summary>A sentence on why this machine can't build recipes of any sort; null when it can. A backend is offered only then.</summary>
    public static string? FindMistake() =>
        RecipeTool.Find(git: true, RecipeTool.IsInstalled) is null && RecipeTool.Find(git: false, RecipeTool.IsInstalled) is null
            ? $"builds of recipes are not offered, since none of {RecipeTool.Git}, {RecipeTool.Breezy} and {RecipeTool.Bazaar} is on this machine: install git-build-recipe, and start again"
            : null;

    /// <inheritdoc/>
    public IBuild Prepare(BuildRequest request)
    {
        var arguments = RecipeArguments.Parse(request);
        return new DebianBuild(arguments.System, Options, new RecipeWork(arguments, Options));
    }

    /// <inheritdoc/>
    public Task EndLeftAsync(LeftBuild left, CancellationToken cancellationToken) => LeftEnvironment.EndAsync(left, Options, cancellationToken);
}

using Buildd.Backends.DebianBuilds;
using Buildd.Slave;
using Buildd.Slave.Builds;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Backends.Recipe;

/// <summary>What a master can say about the building of a recipe: protocol section 12.2.</summary>
internal sealed record RecipeArguments
{
    /// <summary>The longest recipe, in bytes; the longest known ones have a hundredth of it.</summary>
    internal const int MaxRecipeBytes = 1024 * 1024;

    /// <summary>What every kind of build has.</summary>
    internal required DebianArguments System { get; init; }

    /// <summary>The recipe itself. Nothing but the recipe tool reads it.</summary>
    internal required string Recipe { get; init; }

    /// <summary>The distribution of the package that is made.</summary>
    internal required string Suite { get; init; }

    /// <summary>For the file CurrentlyBuilding.</summary>
    internal required string Component { get; init; }

    /// <summary>For the file CurrentlyBuilding.</summary>
    internal required string Purpose { get; init; }

    /// <summary>Who the changelog's entry is of.</summary>
    internal required string AuthorName { get; init; }

    /// <summary>That person's address.</summary>
    internal required string AuthorEmail { get; init; }

    /// <summary>Whether the recipe is one of git, and not of Bazaar.</summary>
    internal bool Git { get; init; }

    /// <exception cref="RefusedException">Something is missing, of another type, or can't be what it says.</exception>
    internal static RecipeArguments Parse(BuildRequest request)
    {
        var reader = new ArgumentReader(request.Arguments);
        var recipe = reader.RequiredText(Arguments.RecipeText);
        if (global::System.Text.Encoding.UTF8.GetByteCount(recipe) > MaxRecipeBytes)
            throw new RefusedException($"the argument '{Arguments.RecipeText}' is longer than {MaxRecipeBytes} bytes");
        if (recipe.Contains('\0', StringComparison.Ordinal))
            throw new RefusedException($"the argument '{Arguments.RecipeText}' has a NUL in it, which no recipe has");
        return new RecipeArguments
        {
            System = DebianArguments.Parse(request),
            Recipe = recipe,
            Suite = ArgumentReader.Word(Arguments.Suite, reader.RequiredText(Arguments.Suite)),
            Component = ArgumentReader.Line(Arguments.OgreComponent, reader.RequiredText(Arguments.OgreComponent)),
            Purpose = ArgumentReader.Line(Arguments.ArchivePurpose, reader.RequiredText(Arguments.ArchivePurpose)),
            AuthorName = ArgumentReader.Line(Arguments.AuthorName, reader.RequiredText(Arguments.AuthorName)),
            AuthorEmail = ArgumentReader.Line(Arguments.AuthorEmail, reader.RequiredText(Arguments.AuthorEmail)),
            Git = reader.Flag(Arguments.Git),
        };
    }
}

using System.Text;
using Buildd.Backends.DebianBuilds;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Slave;
using Buildd.Slave.Builds;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Backends.Recipe;

/// <summary>A master's order of a recipe's source package, checked. Nothing but the recipe tool reads the recipe itself.</summary>
/// <param name="Arguments">What it says of the recipe.</param>
/// <param name="System">What it says of the system.</param>
internal sealed record RecipeRequest(RecipeArguments Arguments, DebianArguments System)
{
    /// <summary>The longest recipe, in bytes; the longest known ones have a hundredth of it.</summary>
    internal const int MaxRecipeBytes = 1024 * 1024;

    /// <exception cref="RefusedException">Something is missing, of another type, or can't be what it says.</exception>
    internal static RecipeRequest Parse(BuildRequest request)
    {
        var arguments = ArgumentCheck.Read(request, RecipeArguments.FromXmlRpc);
        if (Encoding.UTF8.GetByteCount(arguments.RecipeText) > MaxRecipeBytes)
            throw new RefusedException($"the argument '{ArgumentNames.RecipeText}' is longer than {MaxRecipeBytes} bytes");
        if (arguments.RecipeText.Contains('\0', StringComparison.Ordinal))
            throw new RefusedException($"the argument '{ArgumentNames.RecipeText}' has a NUL in it, which no recipe has");
        ArgumentCheck.Word(ArgumentNames.Suite, arguments.Suite!);
        ArgumentCheck.Line(ArgumentNames.OgreComponent, arguments.Component);
        ArgumentCheck.Line(ArgumentNames.ArchivePurpose, arguments.ArchivePurpose);
        ArgumentCheck.Line(ArgumentNames.AuthorName, arguments.AuthorName);
        ArgumentCheck.Line(ArgumentNames.AuthorEmail, arguments.AuthorEmail);
        return new RecipeRequest(arguments, DebianArguments.Check(request, arguments));
    }
}

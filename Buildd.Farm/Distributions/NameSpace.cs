namespace Buildd.Farm.Distributions;

/// <summary>Names and aliases of things of a kind, each of which has to mean one of them.</summary>
internal static class NameSpace
{
    /// <summary>Has a name refused that is another's, or that the thing has twice.</summary>
    /// <param name="what">The kind of thing.</param>
    /// <param name="thing">Its name and its aliases.</param>
    /// <param name="others">Those of the others.</param>
    /// <exception cref="FarmException">One is.</exception>
    internal static void RequireFree(
        string what, (string Name, IReadOnlyList<string> Aliases) thing, IEnumerable<(string Name, IReadOnlyList<string> Aliases)> others)
    {
        if (thing.Aliases.Contains(thing.Name))
            throw FarmException.Invalid($"{thing.Name} is the name of the {what}, and can't be an alias of it too");
        var wanted = thing.Aliases.Append(thing.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, aliases) in others)
        {
            if (wanted.Contains(name))
                throw FarmException.Conflict($"there is a {what} called {name} already");
            if (aliases.FirstOrDefault(wanted.Contains) is { } taken)
                throw FarmException.Conflict($"{taken} is an alias of the {what} {name}");
        }
    }
}

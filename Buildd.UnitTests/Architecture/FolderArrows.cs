namespace Buildd.UnitTests.Architecture;

/// <summary>Which parts of a project know which others, and by what.</summary>
internal static class FolderArrows
{
    /// <summary>Finds the arrows between the parts of a project.</summary>
    /// <param name="files">All files of the project.</param>
    /// <param name="partOf">The part that a path belongs to.</param>
    /// <returns>From part to part, "Type in File.cs" for all that ties them.</returns>
    /// <remarks>
    /// A type is known where its name stands and its namespace is used. A type that is never named, as behind <c>var</c>, is not
    /// seen; an extension method is, where only one file of the project has one of its name.
    /// </remarks>
    internal static SortedDictionary<(string From, string To), SortedSet<string>> Find(
        IReadOnlyCollection<SourceFile> files, Func<string, string> partOf)
    {
        var types = files.SelectMany(file => file.Types.Select(type => (type, file))).ToLookup(pair => pair.type, pair => pair.file);
        var extensions = files.SelectMany(file => file.Extensions.Select(name => (name, file)))
            .ToLookup(pair => pair.name, pair => pair.file);
        var arrows = new SortedDictionary<(string From, string To), SortedSet<string>>();
        foreach (var file in files)
        {
            foreach (var (name, declaring) in FindTies(file, types, extensions))
            {
                var arrow = (From: partOf(file.Path), To: partOf(declaring.Path));
                if (arrow.From == arrow.To)
                    continue;
                if (!arrows.TryGetValue(arrow, out var ties))
                    arrows.Add(arrow, ties = new SortedSet<string>(StringComparer.Ordinal));
                ties.Add($"{name} in {file.Path}");
            }
        }

        return arrows;
    }

    private static IEnumerable<(string Name, SourceFile Declaring)> FindTies(
        SourceFile file, ILookup<string, SourceFile> types, ILookup<string, SourceFile> extensions)
    {
        foreach (var (before, name) in file.Mentions.Where(mention => !file.Types.Contains(mention.Name)))
        {
            foreach (var declaring in types[name])
            {
                if (before.Length == 0 ? file.Sees(declaring.Namespace) : declaring.Namespace.Split('.')[^1] == before)
                    yield return (name, declaring);
            }
        }

        foreach (var full in file.Named)
        {
            var name = full.Split('.')[^1];
            foreach (var declaring in types[name].Where(declaring => $"{declaring.Namespace}.{name}" == full))
                yield return (name, declaring);
        }

        foreach (var name in file.Calls)
        {
            if (extensions[name].ToList() is [var declaring] && file.Sees(declaring.Namespace))
                yield return ($".{name}()", declaring);
        }
    }
}

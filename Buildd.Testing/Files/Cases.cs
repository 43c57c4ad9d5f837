namespace Buildd.Testing.Files;

/// <summary>
/// Inputs that were once refused or misread, a folder each in <c>Data/Cases</c> of the integration tests whose README says what must
/// happen.
/// </summary>
public static class Cases
{
    private static readonly string Folder = Path.Combine(Repository.Root, "Buildd.IntegrationTests", "Data", "Cases");

    /// <summary>Returns the path of a file of a case.</summary>
    public static string PathOf(string name, string file) => Path.Combine(Folder, name, file);

    /// <summary>Returns the files of a source package, the <c>.dsc</c> first.</summary>
    public static IEnumerable<string> Source(string name) =>
        Directory.GetFiles(PathOf(name, ""), "*_*").OrderByDescending(path => path.EndsWith(".dsc", StringComparison.Ordinal));

    /// <summary>Returns the files of all cases whose names begin alike, except for each one's README, as <c>NAME/FILE</c>.</summary>
    public static IEnumerable<string> Files(string beginning) => Directory.GetDirectories(Folder, beginning + "*")
        .SelectMany(Directory.GetFiles)
        .Where(path => Path.GetFileName(path) != "README")
        .Select(path => Path.GetRelativePath(Folder, path))
        .Order(StringComparer.Ordinal);
}

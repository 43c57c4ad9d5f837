namespace Buildd.Testing.Files;

/// <summary>The repository that the tests were built in.</summary>
public static class Repository
{
    /// <summary>Its folder.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The path of a program that 'make build' made.</summary>
    /// <exception cref="FileNotFoundException">It was not made.</exception>
    public static string Program(string name)
    {
        var path = Path.Combine(Root, "out", "bin", name);
        return File.Exists(path) ? path : throw new FileNotFoundException($"'{path}' is not there: run 'make build' first");
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Buildd.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new DirectoryNotFoundException($"there is no Buildd.sln above '{AppContext.BaseDirectory}'");
    }
}

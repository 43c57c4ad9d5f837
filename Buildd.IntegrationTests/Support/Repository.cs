namespace Buildd.IntegrationTests.Support;

/// <summary>Finds what 'make build' made.</summary>
internal static class Repository
{
    internal static string Root { get; } = FindRoot();

    internal static string Program(string name)
    {
        var path = Path.Combine(Root, "out", "bin", name);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{path} is not there: run 'make build' first");
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Buildd.sln")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException("Buildd.sln is in no folder above the tests");
        return folder.FullName;
    }
}

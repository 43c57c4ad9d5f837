using Buildd.Testing.Files;

namespace Buildd.IntegrationTests.Support;

/// <summary>
/// Inputs that were once refused or misread, a folder each in <c>Data/Cases</c> whose README says what must happen.
/// </summary>
internal static class Cases
{
    /// <summary>Returns the path of a file of a case.</summary>
    internal static string PathOf(string name, string file) =>
        Path.Combine(Repository.Root, "Buildd.IntegrationTests", "Data", "Cases", name, file);

    /// <summary>Returns the files of a source package, the <c>.dsc</c> first.</summary>
    internal static IEnumerable<string> Source(string name) =>
        Directory.GetFiles(PathOf(name, ""), "*_*").OrderByDescending(path => path.EndsWith(".dsc", StringComparison.Ordinal));
}

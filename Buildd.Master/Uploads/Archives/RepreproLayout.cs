namespace Buildd.Master.Uploads.Archives;

/// <summary>
/// Where an archive of reprepro has the indexes of a suite, by its configuration (reprepro(1)). Indexes that are looked for elsewhere are
/// not found, and then everything passes for new.
/// </summary>
/// <param name="folder">The archive's folder, in which reprepro is run.</param>
internal sealed class RepreproLayout(string folder)
{
    private readonly string _configuration = Path.Combine(folder, "conf");

    /// <summary>The folder with the indexes of a suite, which may be missing.</summary>
    /// <param name="suite">The suite by its codename, or by the other name that reprepro takes for it.</param>
    public string FolderOf(string suite)
    {
        var options = ReadLines("options").Select(line => line.Split((char[])[' ', '\t'], 2, StringSplitOptions.TrimEntries))
            .Where(words => words.Length == 2).ToLookup(words => words[0], words => words[1]);
        var output = PathOf(options["outdir"].LastOrDefault(), folder) ?? folder;
        return Path.Combine(PathOf(options["distdir"].LastOrDefault(), output) ?? Path.Combine(output, "dists"), CodenameOf(suite));
    }

    /// <summary>A codename goes before another suite's other name, as in reprepro.</summary>
    private string CodenameOf(string suite)
    {
        var suites = new List<(string? Codename, string? Other)> { default };
        foreach (var line in ReadLines("distributions"))
        {
            if (line.Length == 0)
                suites.Add(default);
            else if (ValueOf(line, "Codename") is { } codename)
                suites[^1] = suites[^1] with { Codename = codename };
            else if (ValueOf(line, "Suite") is { } other)
                suites[^1] = suites[^1] with { Other = other };
        }

        return suites.Exists(one => one.Codename == suite) ? suite : suites.Find(one => one.Other == suite).Codename ?? suite;
    }

    private IEnumerable<string> ReadLines(string name)
    {
        var path = Path.Combine(_configuration, name);
        return File.Exists(path)
            ? File.ReadLines(path).Where(line => !line.StartsWith('#')).Select(line => line.TrimEnd())
            : [];
    }

    private static string? ValueOf(string line, string field) =>
        line.StartsWith(field + ":", StringComparison.OrdinalIgnoreCase) ? line[(field.Length + 1)..].Trim() : null;

    /// <summary>
    /// A folder as the options write it: <c>+b/</c> is the archive's, <c>+c/</c> the configuration's, <c>+o/</c> the output's.
    /// </summary>
    private string? PathOf(string? text, string output) => text switch
    {
        null => null,
        ['+', var place, .. var rest] when rest.Length == 0 || rest[0] == '/' => Path.Combine(
            place switch { 'c' => _configuration, 'o' => output, _ => folder }, rest.TrimStart('/')),
        _ => Path.GetFullPath(text, folder),
    };
}

using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Architecture;

/// <summary>What the formatter does not look at when it reads files alone, without their projects.</summary>
public class SourceTextTests
{
    private const int MaxColumns = 140;

    internal static IEnumerable<string> Sources =>
        from folder in Directory.EnumerateDirectories(Repository.Root, "Buildd.*").Append(Path.Combine(Repository.Root, "samples"))
        from file in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
        let inside = Path.GetRelativePath(Repository.Root, file).Split('/')
        where !inside.Contains("obj") && !inside.Contains("bin")
        select file;

    [Test]
    public void Using_directives_are_sorted_with_those_of_System_first()
    {
        foreach (var path in Sources)
        {
            // 'using static' and aliases stand behind the others, as the formatter puts them.
            var names = File.ReadLines(path)
                .Where(
                    line => line.StartsWith("using ", StringComparison.Ordinal) && line.EndsWith(';') && !line.Contains('=')
                        && !line.Contains('('))
                .Select(line => line["using ".Length..^1])
                .Where(name => !name.StartsWith("static ", StringComparison.Ordinal))
                .ToList();
            var sorted = names.OrderBy(name => name != "System" && !name.StartsWith("System.", StringComparison.Ordinal))
                .ThenBy(name => name, StringComparer.OrdinalIgnoreCase);
            Assert.That(names, Is.EqualTo(sorted), path);
        }
    }

    /// <summary>But for text that stands in a raw literal as it is somewhere else.</summary>
    [Test]
    public void No_line_has_more_than_140_columns()
    {
        foreach (var path in Sources)
        {
            var isInLiteral = false;
            foreach (var (number, line) in File.ReadLines(path).Index())
            {
                var marks = line.Split("\"\"\"").Length - 1;
                Assert.That(isInLiteral || marks > 0 || line.Length <= MaxColumns, $"{path}:{number + 1} has {line.Length} columns");
                isInLiteral ^= marks % 2 == 1;
            }
        }
    }

    [Test]
    public void No_line_ends_in_white_space()
    {
        foreach (var path in Sources)
            Assert.That(File.ReadLines(path).Where(line => line.Length > 0 && char.IsWhiteSpace(line[^1])), Is.Empty, path);
    }
}

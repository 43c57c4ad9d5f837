using System.Text.RegularExpressions;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Architecture;

/// <summary>A script of some length is a file of its own: shellcheck reads it then, and an editor knows what it is.</summary>
[Parallelizable(ParallelScope.All)]
public sealed partial class ScriptTests
{
    /// <summary>How many lines of a script may stand in a literal.</summary>
    private const int MostLines = 10;

    [Test]
    public void No_long_script_stands_in_a_literal()
    {
        var scripts = from path in SourceTextTests.Sources
                      from Match literal in Literals().Matches(File.ReadAllText(path))
                      let text = literal.Groups["text"].Value
                      where text.Split('\n').Length > MostLines && SignsOfScripts().IsMatch(text)
                      select $"{Path.GetRelativePath(Repository.Root, path)}: {text.Trim().Split('\n')[0]}";

        Assert.That(scripts, Is.Empty);
    }

    [Test]
    public void A_script_that_is_named_is_there()
    {
        foreach (var path in SourceTextTests.Sources)
        {
            var project = Path.Combine(Repository.Root, Path.GetRelativePath(Repository.Root, path).Split('/')[0]);
            foreach (Match named in Named().Matches(File.ReadAllText(path)))
                Assert.That(Path.Combine(project, named.Groups["script"].Value), Does.Exist, path);
        }
    }

    [GeneratedRegex("""(?<quotes>"{3,})\n(?<text>.*?)\n[ \t]*\k<quotes>""", RegexOptions.Singleline)]
    private static partial Regex Literals();

    /// <summary>The line that names an interpreter, or another that only scripts have.</summary>
    [GeneratedRegex(
        """^[ \t]*(#!.*\b(sh|bash|dash|perl|python3?)\b|set -[a-z]*e|(fi|done|esac)\b|use (strict|warnings)\b|import \w)""",
        RegexOptions.Multiline)]
    private static partial Regex SignsOfScripts();

    [GeneratedRegex("""\b(Scripts\.(Text|Program)\((typeof\(\w+\), )?|GetManifestResourceStream\()"(?<script>[^"]*)"\)""")]
    private static partial Regex Named();
}

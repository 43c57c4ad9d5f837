using NUnit.Framework;

namespace Buildd.UnitTests.Architecture;

/// <summary>What counts as knowing another folder.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class FolderArrowsTests
{
    private const string Lower =
        """
        namespace P.Lower;
        public sealed class Thing { public sealed class Inner; }
        static class Add { static void Mend(this Thing thing) { } }
        """;

    [TestCase("using P.Lower; namespace P.Upper; class User { Thing _thing; }", "Thing in Upper/User.cs")]
    [TestCase("namespace P.Upper; class User { Lower.Thing _thing; }", "Thing in Upper/User.cs")]
    [TestCase("using static P.Lower.Thing; namespace P.Upper; class User;", "Thing in Upper/User.cs")]
    [TestCase("using Other = P.Lower.Thing; namespace P.Upper; class User;", "Thing in Upper/User.cs")]
    [TestCase("using P.Lower; namespace P.Upper; class User { object O() => Make().Mend(); }", ".Mend() in Upper/User.cs")]
    [TestCase("using P.Lower; namespace P.Upper; class User { string S() => $\"a {new Thing()} b\"; }", "Thing in Upper/User.cs")]
    [TestCase(
        "using P.Lower; namespace P.Upper; class U { object S = $$\"\"\"{\"b\" {{new Thing(\"}\")}}\"\"\"; }", "Thing in Upper/User.cs")]
    public void A_name_of_a_namespace_in_use_counts(string upper, string tie) => Assert.That(Find(upper), Is.EqualTo((string[])[tie]));

    [TestCase("namespace P.Upper; class User { Thing _thing; }")]
    [TestCase("using P.Lower; namespace P.Upper; /// <see cref=\"Thing\"/>\n// Thing\n/* Thing */ class User;")]
    [TestCase("using P.Lower; namespace P.Upper; class U { string A = \"Thing\", B = @\"\"\"Thing\", C = \"\\\"Thing\"; char c = '\"'; }")]
    [TestCase("using P.Lower; namespace P.Upper; class User { string S = \"\"\"\n Thing \" {Thing} \"\" Thing\n \"\"\"; }")]
    [TestCase("using P.Lower; namespace P.Upper; class User { string S = $\"{{Thing}}\" + $$\"\"\"{Thing}\"\"\"; }")]
    [TestCase("using P.Lower; namespace P.Upper; class User { int Thing { get; } int I() => this.Thing; }")]
    [TestCase("using P.Lower; namespace P.Upper; class User { Thing _own; } class Thing;")]
    public void Other_words_do_not(string upper) => Assert.That(Find(upper), Is.Empty);

    private static IEnumerable<string> Find(string upper)
    {
        SourceFile[] files = [SourceFile.Read("Lower/Thing.cs", Lower), SourceFile.Read("Upper/User.cs", upper)];
        var arrows = FolderArrows.Find(files, path => Path.GetDirectoryName(path)!);

        Assert.That(arrows.Keys, Is.SubsetOf(new[] { ("Upper", "Lower") }));
        return arrows.Values.SelectMany(ties => ties);
    }
}

using System.Text;
using Buildd.Backends.BinaryPackage;
using Buildd.Backends.Commands;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.BinaryPackage;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ImplicitPointerFilterTests
{
    private const string Declared = "x.c:2:27: warning: implicit declaration of function ‘f’ [-Wimplicit-function-declaration]\n";
    private const string Pointer =
        "x.c:2:3: warning: assignment to ‘char *’ from ‘int’ makes pointer from integer without a cast [-Wint-conversion]\n";
    private const string Note = "[implicit pointer] x.c:2: the result of f, which is not declared, becomes a pointer\n";

    private static IEnumerable<SbuildLog> Logs => SbuildLogs.All;

    [TestCaseSource(nameof(Logs))]
    public void Of_the_recorded_builds_one_has_a_find_and_all_others_pass_as_they_are(SbuildLog recorded)
    {
        var log = Encoding.UTF8.GetString(SbuildLogs.Read(recorded.Name));

        var (output, hasFinds) = Filter(log, 4096);

        Assert.That(hasFinds, Is.EqualTo(recorded.Name == "success-implicit-declaration"));
        if (!hasFinds)
            Assert.That(output, Is.EqualTo(log));
    }

    [Test]
    public void The_recorded_find_is_marked_and_explained()
    {
        var log = Encoding.UTF8.GetString(SbuildLogs.Read("success-implicit-declaration"));

        var (output, _) = Filter(log, 4096);

        const string Mark = "[implicit pointer] hello.c:2: the result of make_name, which is not declared, becomes a pointer\n";
        Assert.That(output.Split('\n').Index().Single(line => line.Item + "\n" == Mark).Index, Is.EqualTo(
            log.Split('\n').Index().Single(line => line.Item.Contains("[-Wint-conversion]", StringComparison.Ordinal)).Index + 1));
        Assert.That(
            output.Replace(Mark, "", StringComparison.Ordinal), Does.StartWith(log).And.Contain("become pointers: 1,")
                .And.EndWith("The build has failed for this.\n"));
    }

    [TestCase(Declared + Pointer)]
    [TestCase(Declared + "in between\nanother.c:2: warning: unused\n" + Pointer)]
    [TestCase(
        "dir/x.c:2: warning: implicit declaration of function `f'\ndir/x.c:2: warning: initialization makes pointer from integer "
            + "without a cast\n")]
    [TestCase(
        "x.c:2:1: warning: implicit declaration of function 'f' is invalid in C99\nx.c:2:9: warning: cast to pointer from integer of "
            + "different size [-Wint-to-pointer-cast]\n")]
    [TestCase(
        "x.c:2:1: warning: call to undeclared function 'f'; ISO C99 and later do not support it\nx.c:2:9: warning: incompatible integer "
            + "to pointer conversion assigning\n")]
    public void A_declaration_and_a_pointer_in_one_line_of_a_file_are_a_find(string output) =>
        Assert.That(Filter(output).HasFinds);

    [TestCase(Pointer + Declared, Description = "the other order")]
    [TestCase(Declared)]
    [TestCase(Pointer)]
    [TestCase(Declared + "x.c:3:3: warning: return makes pointer from integer without a cast\n", Description = "another line")]
    [TestCase(Declared + "y.c:2:3: warning: return makes pointer from integer without a cast\n", Description = "another file")]
    [TestCase(
        "x.c: warning: implicit declaration of function ‘f’\nx.c: warning: return makes pointer from integer without a cast\n",
        Description = "no line")]
    [TestCase(": warning: implicit declaration of function ‘f’\n: warning: makes pointer from integer without a cast\n")]
    [TestCase(":1: warning: implicit declaration of function ‘f’\n:1: warning: makes pointer from integer without a cast\n")]
    [TestCase("x.c:2:1: error: implicit declaration of function ‘f’\n" + Pointer, Description = "an error fails the build itself")]
    public void Anything_else_is_none(string output)
    {
        var (filtered, hasFinds) = Filter(output);

        Assert.That(hasFinds, Is.False);
        Assert.That(filtered, Is.EqualTo(output));
    }

    [Test]
    public void Colours_of_a_compiler_hide_nothing_and_stay_in_the_output()
    {
        var log = File.ReadAllText(Cases.PathOf("implicit-pointer-colours", "gcc.log"));

        var (output, hasFinds) = Filter(log, 100);

        const string Mark = "[implicit pointer] hello.c:2: the result of make_name, which is not declared, becomes a pointer\n";
        Assert.That(hasFinds);
        Assert.That(output.Replace(Mark, "", StringComparison.Ordinal), Does.StartWith(log));
        Assert.That(output, Does.Contain(Mark));
    }

    [TestCase("", "")]
    [TestCase("no code", "no code")]
    [TestCase("\e[01;31m\e[Kred\e[m\e[K!", "red!")]
    [TestCase("a\e]8;;http://x/\alink\e]8;;\e\\b", "alinkb")]
    [TestCase("a\e(Bb", "aBb", Description = "other codes are of two characters")]
    [TestCase("a\e", "a")]
    [TestCase("a\e[01;3", "a")]
    [TestCase("a\e]8;;http", "a")]
    [TestCase("a\e]8;;\e", "a")]
    public void What_only_a_terminal_understands_is_removed(string line, string plain)
    {
        var bytes = Encoding.UTF8.GetBytes(line);

        Assert.That(Encoding.UTF8.GetString(TerminalCodes.Remove(bytes, new byte[bytes.Length])), Is.EqualTo(plain));
    }

    [Test]
    public void It_does_not_matter_in_what_pieces_the_output_comes()
    {
        const string Output = "before\n" + Declared + Pointer + "between\n" + Declared + Pointer + "no end";
        foreach (var size in Enumerable.Range(1, Encoding.UTF8.GetByteCount(Output)))
        {
            var (filtered, hasFinds) = Filter(Output, size);
            Assert.That(hasFinds);
            Assert.That(
                filtered, Does.StartWith(
                    "before\n" + Declared + Pointer + Note + "between\n" + Declared + Pointer + Note + "no end\nFunctions without a "
                        + "declaration"));
            Assert.That(filtered, Does.Contain("become pointers: 2,"));
        }
    }

    [Test]
    public void A_find_in_the_last_line_counts_without_its_end()
    {
        var (filtered, hasFinds) = Filter(Declared + Pointer.TrimEnd('\n'));

        Assert.That(hasFinds);
        Assert.That(filtered, Does.StartWith(Declared + Pointer + Note));
    }

    [Test]
    public void What_has_come_is_passed_on_at_once()
    {
        var output = new MemoryStream();
        var filter = new ImplicitPointerFilter(output.Write);

        filter.Write("half a li"u8);

        Assert.That(output.ToArray(), Is.EqualTo("half a li"u8.ToArray()));
    }

    [Test]
    public void Bytes_that_are_no_text_and_lines_without_end_pass_as_they_are()
    {
        var random = new Random(3);
        var bytes = new byte[3 * ImplicitPointerFilter.MaxLineBytes];
        random.NextBytes(bytes);
        bytes.AsSpan(bytes.Length / 2).Replace((byte)'\n', (byte)' ');
        var output = new MemoryStream();
        var filter = new ImplicitPointerFilter(output.Write);

        filter.Write(bytes);
        filter.Complete(isOnlyWarning: false);

        Assert.That(output.ToArray(), Is.EqualTo(bytes));
    }

    [TestCase(ImplicitPointerFilter.MaxRemembered - 1, true)]
    [TestCase(ImplicitPointerFilter.MaxRemembered, false)]
    public void Only_the_last_declarations_are_remembered(int between, bool hasFinds)
    {
        var others =
            string.Concat(Enumerable.Range(10, between).Select(i => $"y.c:{i}:1: warning: implicit declaration of function ‘g’\n"));

        Assert.That(Filter(Declared + others + Pointer).HasFinds, Is.EqualTo(hasFinds));
    }

    [Test]
    public void Where_it_is_only_a_warning_the_explanation_says_so()
    {
        var output = new MemoryStream();
        var filter = new ImplicitPointerFilter(output.Write);

        filter.Write(Encoding.UTF8.GetBytes(Declared + Pointer));
        filter.Complete(isOnlyWarning: true);

        Assert.That(Encoding.UTF8.GetString(output.ToArray()), Does.EndWith("Here this does not fail the build.\n"));
    }

    [TestCase("amd64", "bookworm", false)]
    [TestCase("arm64", "noble-proposed", false)]
    [TestCase("i386", "bookworm", true)]
    [TestCase("armhf", "noble", true)]
    [TestCase("amd64", "hardy", true)]
    [TestCase("amd64", "hardy-updates", true)]
    [TestCase("amd64", "karmic", true)]
    [TestCase("amd64", "intrepid", false)]
    [TestCase("amd64", "lucid", false)]
    public void Short_pointers_and_old_releases_are_only_warned(string architecture, string suite, bool isOnlyWarning) =>
        Assert.That(ImplicitPointerFilter.IsOnlyWarning(architecture, suite), Is.EqualTo(isOnlyWarning));

    private static (string Output, bool HasFinds) Filter(string text, int pieceBytes = int.MaxValue)
    {
        var output = new MemoryStream();
        var filter = new ImplicitPointerFilter(output.Write);
        foreach (var piece in Encoding.UTF8.GetBytes(text).Chunk(Math.Min(pieceBytes, 1 << 20)))
            filter.Write(piece);
        filter.Complete(isOnlyWarning: false);
        return (Encoding.UTF8.GetString(output.ToArray()), filter.HasFinds);
    }
}

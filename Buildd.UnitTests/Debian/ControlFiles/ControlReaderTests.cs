using Buildd.Debian.ControlFiles;
using NUnit.Framework;
using static Buildd.UnitTests.Debian.DebianData;

namespace Buildd.UnitTests.Debian.ControlFiles;

[Parallelizable(ParallelScope.All)]
public sealed class ControlReaderTests
{
    [Test]
    public void Fields_keep_their_order_and_are_found_in_any_case()
    {
        var paragraph = Parse("Source: hello\nVERSION:2.10-3  \nX-Own:\n").Single();

        Assert.That(paragraph.Fields.Select(field => field.Name), Is.EqualTo(["Source", "VERSION", "X-Own"]));
        Assert.That(paragraph["version"], Is.EqualTo("2.10-3"));
        Assert.That(paragraph["x-own"], Is.Empty);
        Assert.That(paragraph["absent"], Is.Null);
    }

    [Test]
    public void A_continuation_loses_its_mark_and_keeps_the_rest()
    {
        var paragraph = Parse("Description: short\n long\n .\n\t  deeper \n").Single();

        Assert.That(paragraph["Description"], Is.EqualTo("short\nlong\n.\n  deeper"));
    }

    [Test]
    public void Empty_lines_and_lines_of_blanks_separate_paragraphs()
    {
        var paragraphs = Parse("\n \t\nA: 1\n\n \nB: 2\n\n\n");

        Assert.That(paragraphs.Select(paragraph => paragraph.Fields[0].Name), Is.EqualTo(["A", "B"]));
        Assert.That(paragraphs.Select(paragraph => paragraph.Line), Is.EqualTo([3, 6]));
    }

    [Test]
    public void Comments_are_left_out_even_inside_a_value()
    {
        var paragraph = Parse("# head\nA: 1\n# between\n two\n#\nB: # no comment\n").Single();

        Assert.That(paragraph["A"], Is.EqualTo("1\ntwo"));
        Assert.That(paragraph["B"], Is.EqualTo("# no comment"));
    }

    [Test]
    public void Lines_may_end_in_carriage_return_and_line_feed()
    {
        var paragraphs = Parse("A: 1\r\n two\r\n\r\nB: 2");

        Assert.That(paragraphs[0]["A"], Is.EqualTo("1\ntwo"));
        Assert.That(paragraphs[1]["B"], Is.EqualTo("2"));
    }

    [Test]
    public void A_value_may_have_colons() =>
        Assert.That(Parse("Vcs-Git: https://h/x.git").Single()["Vcs-Git"], Is.EqualTo("https://h/x.git"));

    [TestCase("")]
    [TestCase("\n\n")]
    [TestCase("# only a comment")]
    public void A_file_without_fields_has_no_paragraphs(string text) => Assert.That(Parse(text), Is.Empty);

    [TestCase("A: 1\na: 2\n", 2, "the field a is there a second time")]
    [TestCase(" orphan\n", 1, "continuation")]
    [TestCase("A: 1\n\n orphan\n", 3, "continuation")]
    [TestCase("A: 1\nnonsense\n", 2, "\"nonsense\" is neither")]
    [TestCase(": x\n", 1, "no name")]
    [TestCase("A B: x\n", 1, "can't be the name")]
    [TestCase("-A: x\n", 1, "can't be the name")]
    [TestCase("Ä: x\n", 1, "can't be the name")]
    [TestCase("A: 1\nB: x\0y\n", 2, "NUL")]
    public void A_malformed_file_is_refused_with_line_and_mistake(string text, int line, string mistake)
    {
        var exception = MistakeIn(() => Parse(text));

        Assert.That(exception.File, Is.EqualTo("test"));
        Assert.That(exception.Line, Is.EqualTo(line));
        Assert.That(exception.Mistake, Does.Contain(mistake));
        Assert.That(exception.Message, Does.StartWith($"test, line {line}: "));
    }

    [Test]
    public void A_line_that_is_not_UTF_8_is_Latin_1_even_beside_one_that_is()
    {
        var paragraph = ControlReader.Read("t", (byte[])[.. "A: \u00e4\nB:\n "u8, 0xe4, .. "\n"u8]).Single();

        Assert.That((paragraph["A"], paragraph["B"]), Is.EqualTo(("\u00e4", "\n\u00e4")));
    }

    [TestCase("A : 1\n")]
    [TestCase("A\t:\f1\v \r\r\n")]
    [TestCase("A:1\n\f\n\r\n")]
    public void White_space_is_what_dpkg_calls_so(string text) => Assert.That(Parse(text).Single()["A"], Is.EqualTo("1"));
}

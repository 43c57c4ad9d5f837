using System.Text;
using Buildd.Linux.Text;
using NUnit.Framework;

namespace Buildd.UnitTests.Linux.Text;

[Parallelizable(ParallelScope.All)]
public sealed class PrintableTests
{
    [TestCase("", "")]
    [TestCase("plain\ttext\n", "plain\ttext\n")]
    [TestCase("Grüße 😀", "Grüße 😀")]
    [TestCase("\u001b[2J\u001b]0;title\u0007x", "[2J]0;titlex")]
    [TestCase("over\rwritten\b\u007f", "overwritten")]
    [TestCase("\u009b2J\0", "2J")]
    [TestCase("a\u202eb\u2066c\u200f", "abc")]
    [TestCase("👩\u200d🔧", "👩\u200d🔧")]
    public void What_would_command_a_terminal_loses_its_force(string text, string shown) =>
        Assert.That(Printable.Text(text), Is.EqualTo(shown));

    [TestCase("", "")]
    [TestCase("Grüße 😀", "Grüße 😀")]
    [TestCase("a\nb\tc\u001bd", "a?b?c?d")]
    [TestCase("\u009b2J\u202ex\u2028", "?2J?x?")]
    [TestCase("tag \U000E0041", "tag ?")]
    public void A_line_has_a_question_mark_for_what_is_harmful(string text, string shown) =>
        Assert.That(Printable.Line(text), Is.EqualTo(shown));

    [TestCase("abc", 3, "abc")]
    [TestCase("abcd", 3, "abc")]
    [TestCase("ab😀", 3, "ab")]
    [TestCase("abc", 0, "")]
    public void A_line_is_cut_between_characters(string text, int length, string shown) =>
        Assert.That(Printable.Line(text, length), Is.EqualTo(shown));

    [Test]
    public void A_line_may_have_blanks_instead() => Assert.That(Printable.Line("a\nb\u202ec", replacement: ' '), Is.EqualTo("a b c"));

    [TestCase("a\nb\tc", @"a\nb" + "\tc")]
    [TestCase("\u001b[2J\u009b\u202e\u2028", @"\u001b[2J\u009b\u202e\u2028")]
    [TestCase("Grüße 😀", "Grüße 😀")]
    public void Escaped_text_loses_nothing(string text, string shown) => Assert.That(Printable.Escaped(text), Is.EqualTo(shown));

    [TestCase("a\nb", "\"a\\u000ab\"")]
    [TestCase("\u202e😀", "\"\\u202e\\ud83d\\ude00\"")]
    [TestCase("abcdef", "\"abcde…\"")]
    public void Quoted_text_shows_what_is_harmful(string text, string shown) => Assert.That(Printable.Quoted(text, 5), Is.EqualTo(shown));

    [Test]
    public void What_is_printable_is_not_harmful() =>
        Assert.That("Grüße 😀\u00a0\ufffd".EnumerateRunes().Where(Printable.IsHarmful), Is.EqualTo(Array.Empty<Rune>()));
}

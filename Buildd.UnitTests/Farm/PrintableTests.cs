using Buildd.Farm;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm;

[Parallelizable(ParallelScope.All)]
public sealed class PrintableTests
{
    [TestCase("", "")]
    [TestCase("plain\ttext\n", "plain\ttext\n")]
    [TestCase("Grüße 😀", "Grüße 😀")]
    [TestCase("\u001b[2J\u001b]0;title\u0007x", "[2J]0;titlex")]
    [TestCase("over\rwritten\b\u007f", "overwritten")]
    [TestCase("\u009b2J\0", "2J")]
    public void What_would_command_a_terminal_loses_its_force(string text, string shown) =>
        Assert.That(Printable.Text(text), Is.EqualTo(shown));
}

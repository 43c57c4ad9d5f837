using System.Text;
using Buildd.Farm;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm;

[Parallelizable(ParallelScope.All)]
public sealed class TailBufferTests
{
    [TestCase("", "")]
    [TestCase("abc", "abc")]
    [TestCase("abcdefgh", "abcdefgh")]
    [TestCase("abcdefghi", "bcdefghi")]
    [TestCase("abcdef|gh", "abcdefgh")]
    [TestCase("abcdef|ghij", "cdefghij")]
    [TestCase("abcdef||ghij|k", "defghijk")]
    [TestCase("abc|0123456789", "23456789")]
    [TestCase("a|b|c|d|e|f|g|h|i|j", "cdefghij")]
    public void Keeps_the_end_of_what_was_written_in_pieces(string pieces, string kept)
    {
        var buffer = new TailBuffer(8);
        foreach (var piece in pieces.Split('|'))
            buffer.Write(Encoding.UTF8.GetBytes(piece));

        Assert.That(buffer.Text(), Is.EqualTo(kept));
    }

    [TestCase("", "")]
    [TestCase("\n\n", "")]
    [TestCase("first\nlast", "last")]
    [TestCase("first\nlast\n\n", "last")]
    [TestCase("first\r\nlast\r\n", "last")]
    [TestCase("first\n\u001b[1mlast\n", "[1mlast")]
    public void Shows_the_last_line_that_has_something(string text, string line)
    {
        var buffer = new TailBuffer(100);
        buffer.Write(Encoding.UTF8.GetBytes(text));

        Assert.That(buffer.LastLine(), Is.EqualTo(line));
    }
}

using System.Text;
using Buildd.Slave.Logs;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Logs;

[Parallelizable(ParallelScope.All)]
public sealed class LogTailTests
{
    [TestCase("", "", Description = "nothing")]
    [TestCase("one", "")]
    [TestCase("one\n", "")]
    [TestCase("one\ntwo", "two")]
    [TestCase("one\ntwo\n", "two")]
    [TestCase("one\ntwo\n\n", "two\n")]
    [TestCase("one\n\n", "")]
    [TestCase("one\n\n\n", "\n")]
    [TestCase("one\n\ntwo", "\ntwo")]
    [TestCase("\none\ntwo", "one\ntwo")]
    [TestCase("one\rtwo\rthree\r", "two\nthree")]
    [TestCase("one\r\ntwo\r\nthree\r\n", "two\nthree")]
    [TestCase("one\n\rtwo", "\ntwo", Description = "two line ends")]
    [TestCase("one\r\r\ntwo", "\ntwo")]
    [TestCase("\r\none", "one")]
    [TestCase("one\r", "")]
    [TestCase("one\ftwo\u2028three\nfour", "four", Description = "no other character ends a line")]
    public void The_first_line_and_the_last_line_end_are_gone_and_the_others_are_line_feeds(string tail, string shaped) =>
        Assert.That(Encoding.UTF8.GetString(LogTail.OfPrivateLog(Encoding.UTF8.GetBytes(tail)).Span), Is.EqualTo(shaped));

    [Test]
    public void Bytes_that_are_no_text_stay() =>
        Assert.That(
            LogTail.OfPrivateLog(new byte[] { 0x9C, 10, 0xFF, 0, 27, 13, 0xC3 })
                .ToArray(), Is.EqualTo(new byte[] { 0xFF, 0, 27, 10, 0xC3 }));
}

using Buildd.Linux.Systemd;
using NUnit.Framework;

namespace Buildd.UnitTests.Linux.Systemd;

[Parallelizable(ParallelScope.All)]
public sealed class JournalOutputTests
{
    [TestCase("8:4711", "socket:[4711]", true)]
    [TestCase("8:4711", "socket:[4712]", false)]
    [TestCase("8:4711", "pipe:[4711]", false)]
    [TestCase("8:4711", "/var/log/slave.log", false)]
    [TestCase("8:4711", null, false)]
    [TestCase("4711", "socket:[4711]", false)]
    [TestCase("8:", "socket:[]", false)]
    [TestCase("", "socket:[]", false)]
    [TestCase(null, "socket:[4711]", false)]
    public void The_journal_reads_when_the_variable_names_our_socket(string? variable, string? link, bool reads) =>
        Assert.That(JournalOutput.Matches(variable, link), Is.EqualTo(reads));
}

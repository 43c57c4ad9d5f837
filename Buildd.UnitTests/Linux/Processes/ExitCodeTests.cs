using Buildd.Linux.Processes;
using NUnit.Framework;

namespace Buildd.UnitTests.Linux.Processes;

[Parallelizable(ParallelScope.All)]
public sealed class ExitCodeTests
{
    [TestCase(0, "exit code 0")]
    [TestCase(3, "exit code 3")]
    [TestCase(128, "exit code 128")]
    [TestCase(129, "signal 1")]
    [TestCase(192, "signal 64")]
    [TestCase(193, "exit code 193")]
    [TestCase(255, "exit code 255")]
    public void A_code_above_128_is_a_signal(int code, string words) => Assert.That(new ExitCode(code).Describe(), Is.EqualTo(words));
}

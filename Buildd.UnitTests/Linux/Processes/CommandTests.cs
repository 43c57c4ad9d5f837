using Buildd.Linux.Processes;
using NUnit.Framework;

namespace Buildd.UnitTests.Linux.Processes;

[Parallelizable(ParallelScope.All)]
public class CommandTests
{
    [TestCase(new[] { "-x", "a=b", "/p/q" }, "tool -x a=b /p/q")]
    [TestCase(new[] { "two words", "" }, "tool 'two words' ''")]
    [TestCase(new[] { "it's", "$(rm)" }, """tool 'it'"'"'s' '$(rm)'""")]
    public void Is_written_as_a_shell_would_need_it(string[] arguments, string expected) =>
        Assert.That(Command.Of("tool", arguments).ToString(), Is.EqualTo(expected));

    [Test]
    public void The_environment_is_not_in_its_text() =>
        Assert.That(Command.Of("tool").WithEnvironment("TOKEN", "secret").ToString(), Is.EqualTo("tool"));

    [Test]
    public void Goes_behind_a_program_that_starts_it() =>
        Assert.That(Command.Of("ls", "-l").Behind("chroot", "/r").ToString(), Is.EqualTo("chroot /r ls -l"));
}

using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Scripts;

/// <summary>The long runs' command line.</summary>
public sealed class SoakTests
{
    [TestCase("0", "8")]
    [TestCase("x", "8")]
    [TestCase("1", "0")]
    public async Task A_soak_of_no_tests_or_of_none_at_a_time_is_refused(string passes, string atATime)
    {
        var result =
            await ProcessRunner.RunAsync(Command.Of(Path.Combine(Repository.Root, "scripts/soak"), "unit", passes, atATime), _ => { });

        Assert.That(result.ExitCode, Is.EqualTo(64));
    }
}

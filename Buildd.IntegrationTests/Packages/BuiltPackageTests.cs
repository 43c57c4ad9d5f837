using Buildd.IntegrationTests.Support;
using Buildd.Processes;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Packages;

/// <summary>What 'make deb' made, as somebody sees it who is about to hand it on.</summary>
[NonParallelizable]
[CancelAfter(1_800_000)]
public sealed class BuiltPackageTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "out", "deb");

    [OneTimeSetUp]
    public void RequireTools() => DebianSystem.RequireTools();

    [Test]
    public async Task Lintian_has_nothing_to_say_that_no_reason_is_written_down_for()
    {
        var changes = Directory.GetFiles(Folder, "*.changes").Single();
        // The changelog's own entry is of a release that is to come.
        var (code, said) = await DebianSystem.TryAsync(Command.Of(
            "lintian", "--allow-root", "--pedantic", "--fail-on", "error,warning,info,pedantic", "--display-info", changes));
        Assert.That((code, said), Is.EqualTo((0, "")));
    }

    [TestCase("buildd-slave --c", "--config --check")]
    [TestCase("buildd-slave r", "root")]
    [TestCase("buildd-slave root --config /x un", "undefine unmount unpack")]
    public async Task Bash_completes(string line, string completions)
    {
        const string Script =
            """
            . /usr/share/bash-completion/bash_completion
            . "$1"
            COMP_LINE=$2 COMP_POINT=${#2}
            read -ra COMP_WORDS <<< "$2"
            COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
            _buildd_slave
            echo "${COMPREPLY[*]}"
            """;
        var file = Path.Combine(Repository.Root, "debian", "completion", "buildd-slave");
        Assert.That(await DebianSystem.RunOnHostAsync("bash", "-c", Script, "bash", file, line), Is.EqualTo(completions + "\n"));
    }
}

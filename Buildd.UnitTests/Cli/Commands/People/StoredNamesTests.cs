using Buildd.Cli.Commands;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Commands.People;

/// <summary>What a shell completes with names that are in the store.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class StoredNamesTests : IDisposable
{
    private readonly FarmBench _farm = new();

    public void Dispose() => _farm.Dispose();

    [TestCase("people show a", "ada", "admins")]
    [TestCase("people show ", "ada", "admins")]
    [TestCase("people addresses list a", "ada", "admins")]
    [TestCase("teams show ad", "admins", "ada")]
    [TestCase("teams join admins b", "bob", "ada")]
    [TestCase("teams set admins --owner b", "bob", "ada")]
    [TestCase("token new b", "bob", "ada")]
    [TestCase("teams --as ada show s", "secret", "ada")]
    [TestCase("teams --as bob show s", "", "secret")]
    [TestCase("settings set soyuz", "soyuz.livefs.allow_new", "ada")]
    [TestCase("builders remove a", "", "ada")]
    public async Task Names_are_completed_with_those_that_who_asks_sees(string line, string offered, string other)
    {
        foreach (var name in (string[])["ada", "bob"])
            await _farm.RunAsync("people", "add", name, "--email", $"{name}@example.org");
        await _farm.RunAsync("teams", "add", "secret", "--owner", "ada", "--private");

        var words = await SuggestAsync(line);

        if (offered.Length > 0)
            Assert.That(words, Does.Contain(offered));
        Assert.That(words, Does.Not.Contain(other));
    }

    [TestCase("people show a")]
    [TestCase("people --as nobody show a")]
    public async Task Without_a_store_nothing_is_offered_and_none_is_made(string line)
    {
        Assert.That(await SuggestAsync(line), Does.Not.Contain("ada"));
        Assert.That(Directory.Exists(_farm["state"]), Is.False);
    }

    [Test]
    public async Task A_configuration_that_is_wrong_is_said_by_the_command_and_not_by_the_completion()
    {
        await File.WriteAllTextAsync(_farm.ConfigurationPath, "Nonsense: yes\n");

        Assert.That(await SuggestAsync("people show a"), Does.Not.Contain("ada"));
    }

    /// <summary>The words that the program answers; it must say nothing besides.</summary>
    private async Task<string[]> SuggestAsync(string line)
    {
        line = $"--config {_farm.ConfigurationPath} {line}";
        var (output, error) = (new StringWriter(), new StringWriter());
        Assert.That(await FarmCommandLine.InvokeAsync([$"[suggest:{line.Length}]", line], output, error), Is.Zero);
        Assert.That(error.ToString(), Is.Empty);
        return output.ToString().Split('\n', StringSplitOptions.TrimEntries);
    }
}

using System.Text.Json;
using Buildd.Farm;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Commands.People;

/// <summary><c>settings</c> and the <c>audit</c> of what they change.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class SettingsCommandTests : IDisposable
{
    private const string Name = "soyuz.livefs.allow_new";

    private readonly FarmBench _farm = new();

    public void Dispose() => _farm.Dispose();

    [Test]
    public async Task A_setting_that_was_set_is_listed_and_in_the_audit()
    {
        await _farm.RunAsync("people", "add", "ada", "--email", "ada@example.org", "--admin");

        Assert.That((await _farm.RunAsync("settings", "list")).Output, Does.Match($"^NAME .*\n{Name} +no +no +Whether .*\n$"));
        Assert.That((await _farm.RunAsync("settings", "set", Name, "yes", "--as", "ada", "--json")).Output, Does.Contain("\"yes\""));

        using var settings = JsonDocument.Parse((await _farm.RunAsync("settings", "list", "--json")).Output);
        Assert.That(
            (settings.RootElement[0].GetProperty("value").GetString(), settings.RootElement[0].GetProperty("is_set").GetBoolean()),
            Is.EqualTo(("yes", true)));
        var table = (await _farm.RunAsync("audit", "--count", "1")).Output.Split('\n');
        Assert.That(table[0], Does.Match("^NUMBER +TIME +WHO +ORIGIN +WHAT +CHANGES$"));
        Assert.That(table[1], Does.Match($"^\\d+ .* ada +command line of .*  setting {Name}: changed +value: \"no\" -> \"yes\"$"));
        Assert.That(table[2], Is.Empty);
    }

    [Test]
    public async Task The_audit_is_filtered()
    {
        await _farm.RunAsync("people", "add", "ada", "--email", "ada@example.org", "--admin");
        await _farm.RunAsync("people", "add", "bob", "--email", "bob@example.org", "--as", "ada");

        Assert.That(await SubjectsAsync("--actor", "ada"), Is.EqualTo(new[] { "bob", "bob" }));
        Assert.That(await SubjectsAsync("--subject", "admins"), Is.EqualTo(new[] { "admins" }));
        Assert.That(await SubjectsAsync("--kind", "setting"), Is.Empty);
        Assert.That(await SubjectsAsync("--before", "3"), Is.EqualTo(new[] { "ada", "ada" }));

        async Task<IEnumerable<string?>> SubjectsAsync(params string[] filter)
        {
            using var json = JsonDocument.Parse((await _farm.RunAsync(["audit", "--json", .. filter])).Output);
            return [.. json.RootElement.EnumerateArray().Select(entry => entry.GetProperty("subject").GetString())];
        }
    }

    [TestCase(FarmExitCode.NotFound, "settings", "set", "nonsense", "yes")]
    [TestCase(FarmExitCode.Usage, "settings", "set", Name, "perhaps")]
    [TestCase(FarmExitCode.NotAllowed, "settings", "set", Name, "yes", "--as", "ada")]
    [TestCase(FarmExitCode.NotAllowed, "audit", "--as", "ada")]
    [TestCase(FarmExitCode.Usage, "audit", "--count", "0")]
    [TestCase(FarmExitCode.Usage, "audit", "--subject", "a NUL \0")]
    public async Task What_can_t_be_done_is_refused(int code, params string[] arguments)
    {
        await _farm.RunAsync("people", "add", "ada", "--email", "ada@example.org");

        var ran = await _farm.RunAsync(arguments);

        Assert.That((ran.Code, ran.Output), Is.EqualTo((code, "")), ran.ToString());
        Assert.That((await _farm.RunAsync("settings", "list", "--json")).Output, Does.Contain("\"is_set\": false"));
    }
}

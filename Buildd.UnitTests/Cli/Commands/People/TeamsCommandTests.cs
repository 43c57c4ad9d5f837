using System.Text.Json;
using Buildd.Farm;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Commands.People;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class TeamsCommandTests : IDisposable
{
    private readonly FarmBench _farm = new();

    public void Dispose() => _farm.Dispose();

    [SetUp]
    public async Task AddPeopleAsync()
    {
        foreach (var name in (string[])["ada", "bob", "carl"])
            await SucceedAsync("people", "add", name, "--email", $"{name}@example.org");
    }

    [Test]
    public async Task A_team_that_was_added_is_listed_with_its_owner_and_shown_with_its_members()
    {
        await SucceedAsync("teams", "add", "builders", "--owner", "ada", "--display-name", "The builders");
        await SucceedAsync("teams", "join", "builders", "bob", "--administrator", "--as", "ada");
        await SucceedAsync("teams", "join", "builders", "carl", "--expires", "2100-01-31", "--as", "bob");

        var table = (await SucceedAsync("teams", "list")).Split('\n');
        Assert.That(table[0], Does.Match("^NAME +OWNER +PRIVATE +SINCE +DISPLAY NAME$"));
        Assert.That(table, Has.Some.Match("^builders +ada +no +20.*Z +The builders$"));
        Assert.That(
            await SucceedAsync("teams", "show", "builders"),
            Does.Contain("Owner:         ada\n").And.Contain("Member:        bob (administrator)\n")
                .And.Contain("Member:        carl (until 2100-01-31 00:00:00Z)\n"));
        using var json = JsonDocument.Parse(await SucceedAsync("teams", "show", "builders", "--json"));
        Assert.That(
            json.RootElement.GetProperty("members").EnumerateArray()
                .Select(member => (member.GetProperty("name").GetString(), member.GetProperty("state").GetString())),
            Is.EqualTo(new[] { ("ada", "ADMINISTRATOR"), ("bob", "ADMINISTRATOR"), ("carl", "APPROVED") }));
    }

    [Test]
    public async Task What_was_changed_is_shown_as_json()
    {
        using var added = JsonDocument.Parse(await SucceedAsync("teams", "add", "team", "--owner", "ada", "--private", "--json"));
        using var changed = JsonDocument.Parse(await SucceedAsync("teams", "set", "team", "--private", "no", "--json"));
        using var joined = JsonDocument.Parse(await SucceedAsync("teams", "join", "team", "bob", "--json"));
        using var left = JsonDocument.Parse(await SucceedAsync("teams", "leave", "team", "bob", "--json"));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(added.RootElement.GetProperty("is_private").GetBoolean(), Is.True);
            Assert.That(changed.RootElement.GetProperty("is_private").GetBoolean(), Is.False);
            Assert.That(joined.RootElement.GetProperty("state").GetString(), Is.EqualTo("APPROVED"));
            Assert.That(left.RootElement.GetProperty("state").GetString(), Is.EqualTo("DEACTIVATED"));
        }
    }

    [Test]
    public async Task Members_leave_by_themselves_or_by_those_who_administer_the_team()
    {
        await SucceedAsync("teams", "add", "builders", "--as", "ada");
        await SucceedAsync("teams", "join", "builders", "bob");
        await SucceedAsync("teams", "join", "builders", "carl");

        await FailAsync(FarmExitCode.NotAllowed, "teams", "leave", "builders", "carl", "--as", "bob");
        await SucceedAsync("teams", "leave", "builders", "bob", "--as", "bob");
        await SucceedAsync("teams", "leave", "builders", "carl", "--as", "ada");
        await FailAsync(FarmExitCode.NotAllowed, "teams", "join", "builders", "bob", "--as", "bob");
        await FailAsync(FarmExitCode.NotFound, "teams", "leave", "admins", "bob");

        Assert.That(await SucceedAsync("teams", "show", "builders"), Does.Not.Contain("bob").And.Not.Contain("carl"));
    }

    [Test]
    public async Task A_private_team_is_not_there_for_others()
    {
        await SucceedAsync("teams", "add", "secret", "--owner", "ada", "--private");

        Assert.That(await SucceedAsync("teams", "list", "--as", "ada"), Does.Contain("secret"));
        Assert.That(await SucceedAsync("teams", "list", "--as", "bob"), Does.Not.Contain("secret"));
        Assert.That(await SucceedAsync("people", "show", "ada", "--as", "bob"), Does.Not.Contain("secret"));
        await FailAsync(FarmExitCode.NotFound, "teams", "show", "secret", "--as", "bob");
        await FailAsync(FarmExitCode.NotFound, "teams", "join", "secret", "bob", "--as", "bob");
        await SucceedAsync("teams", "set", "secret", "--private", "no", "--owner", "bob", "--name", "open");
        Assert.That(
            await SucceedAsync("teams", "show", "secret", "--as", "carl"), Does.Contain("Name:          open\n").And.Contain("bob"));
    }

    [TestCase(FarmExitCode.Usage, "teams", "add", "team")]
    [TestCase(FarmExitCode.NotFound, "teams", "add", "team", "--owner", "nobody")]
    [TestCase(FarmExitCode.NotAllowed, "teams", "add", "team", "--owner", "ada", "--as", "bob")]
    [TestCase(FarmExitCode.Failed, "teams", "add", "ada", "--owner", "ada")]
    [TestCase(FarmExitCode.Failed, "teams", "set", "admins", "--name", "root")]
    [TestCase(FarmExitCode.Usage, "teams", "set", "ada", "--private", "yes")]
    [TestCase(FarmExitCode.Usage, "teams", "join", "admins", "ada", "--expires", "tomorrow")]
    [TestCase(FarmExitCode.Usage, "teams", "join", "admins", "ada", "--expires", "2001-01-01")]
    [TestCase(FarmExitCode.Usage, "teams", "join", "ada", "bob")]
    [TestCase(FarmExitCode.NotFound, "teams", "join", "admins", "nobody")]
    [TestCase(FarmExitCode.Failed, "teams", "join", "admins", "admins")]
    [TestCase(FarmExitCode.NotAllowed, "teams", "join", "admins", "ada", "--as", "ada")]
    public async Task What_can_t_be_done_is_refused(int code, params string[] arguments) => await FailAsync(code, arguments);

    private async Task<string> SucceedAsync(params string[] arguments)
    {
        var ran = await _farm.RunAsync(arguments);
        Assert.That(ran.Code, Is.Zero, ran.ToString());
        return ran.Output;
    }

    private async Task FailAsync(int code, params string[] arguments)
    {
        var ran = await _farm.RunAsync(arguments);
        Assert.That((ran.Code, ran.Output), Is.EqualTo((code, "")), ran.ToString());
        Assert.That(ran.Error.Trim(), Is.Not.Empty);
    }
}

using System.Text.Json;
using Buildd.Farm;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Commands.People;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class PeopleCommandTests : IDisposable
{
    private const string Password = "correct horse battery staple";

    private readonly FarmBench _farm = new();

    public void Dispose() => _farm.Dispose();

    [Test]
    public async Task A_person_who_was_added_is_listed_and_shown()
    {
        await SucceedAsync("people", "add", "ada", "--email", "ada@example.org", "--display-name", "Ada Lovelace", "--admin");

        var table = (await SucceedAsync("people", "list")).Split('\n');
        Assert.That(table[0], Does.Match("^NAME +STATE +SINCE +DISPLAY NAME$"));
        Assert.That(table[1], Does.Match("^ada +active +20.*Z +Ada Lovelace$"));
        Assert.That(
            await SucceedAsync("people", "show", "ada"),
            Does.Contain("Display name:  Ada Lovelace\n").And.Contain("Address:       ada@example.org (preferred)\n")
                .And.Contain("Password:      none\n").And.Contain("Team:          admins\n"));
    }

    [Test]
    public async Task Json_has_the_columns_and_to_others_nothing_private()
    {
        await SucceedAsync("people", "add", "ada", "--email", "ada@example.org");
        await SucceedAsync("people", "add", "bob", "--email", "bob@example.org");

        using var own = JsonDocument.Parse(await SucceedAsync("people", "show", "ada", "--json", "--as", "ada"));
        using var others = JsonDocument.Parse(await SucceedAsync("people", "show", "ada", "--json", "--as", "bob"));
        using var list = JsonDocument.Parse(await SucceedAsync("people", "list", "--json"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(own.RootElement.GetProperty("addresses")[0].GetString(), Is.EqualTo("ada@example.org"));
            Assert.That(own.RootElement.GetProperty("has_password").GetBoolean(), Is.False);
            Assert.That(
                others.RootElement.EnumerateObject().Select(member => member.Name),
                Is.EqualTo(list.RootElement[0].EnumerateObject().Select(member => member.Name).Append("teams")));
            Assert.That(list.RootElement[0].GetProperty("state").GetString(), Is.EqualTo("ACTIVE"));
            Assert.That(list.RootElement.GetArrayLength(), Is.EqualTo(2));
        }
    }

    [Test]
    public async Task A_password_comes_from_a_file_that_only_few_may_read()
    {
        var file = _farm["password"];
        await File.WriteAllTextAsync(file, Password + "\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherRead);

        var refused = await _farm.RunAsync("people", "add", "ada", "--email", "ada@example.org", "--password-file", file);
        Assert.That((refused.Code, refused.Error), Is.EqualTo(
            (FarmExitCode.Failed, $"add: everybody on this machine may read or write '{file}': chmod o= it\n")));
        Assert.That(await SucceedAsync("people", "list", "--json"), Does.Not.Contain("ada"), "nothing is half done");

        File.SetUnixFileMode(file, UnixFileMode.UserRead);
        await SucceedAsync("people", "add", "ada", "--email", "ada@example.org", "--password-file", file);

        Assert.That(await SucceedAsync("people", "show", "ada"), Does.Contain("Password:      yes\n"));
        var known = await _farm.WithStoreAsync(
            store => new FarmRecords(store).Passwords.VerifyAsync("ada@example.org", Password, default));
        Assert.That(known?.Name, Is.EqualTo("ada"));
        foreach (var words in (string[][])[["people", "list", "--json"], ["people", "show", "ada", "--json"], ["audit", "--json"]])
            Assert.That(await SucceedAsync(words), Does.Not.Contain("horse").And.Not.Contain("AQAAAA"), string.Join(' ', words));
    }

    [TestCase("eleven char", FarmExitCode.Usage, "from 12 to 1000")]
    [TestCase("a NUL \0 in the middle", FarmExitCode.Usage, "control character")]
    [TestCase("a second line\nin the file", FarmExitCode.Usage, "control character")]
    [TestCase("", FarmExitCode.Failed, "has 0 bytes")]
    public async Task What_can_t_be_a_password_is_refused_and_nobody_is_added(string text, int code, string message)
    {
        await WritePasswordAsync(text);

        var ran = await _farm.RunAsync("people", "add", "ada", "--email", "ada@example.org", "--password-file", _farm["password"]);

        Assert.That((ran.Code, ran.Output), Is.EqualTo((code, "")));
        Assert.That(ran.Error, Does.Contain(message).And.Not.Contain("second line"));
        Assert.That((await SucceedAsync("people", "list", "--json")).Trim(), Is.EqualTo("[]"));
    }

    [Test]
    public async Task A_password_file_of_a_gigabyte_is_refused_unread()
    {
        await WritePasswordAsync("x");
        using (var stream = File.OpenWrite(_farm["password"]))
            stream.SetLength(1L << 30);

        var ran = await _farm.RunAsync("people", "add", "ada", "--email", "ada@example.org", "--password-file", _farm["password"]);

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.Failed));
        Assert.That(ran.Error, Does.Contain("has 1073741824 bytes"));
    }

    [Test]
    public async Task Without_a_terminal_nobody_is_asked_for_a_password()
    {
        var ran = await _farm.RunAsync("people", "add", "ada", "--email", "ada@example.org", "--password");

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.Usage));
        Assert.That(ran.Error, Does.Contain("give --password-file"));
    }

    [Test]
    public async Task A_person_changes_themselves_and_an_administrator_everybody()
    {
        await SucceedAsync("people", "add", "ada", "--email", "ada@example.org", "--admin");
        await SucceedAsync("people", "add", "bob", "--email", "bob@example.org");
        await WritePasswordAsync(Password);

        await SucceedAsync("people", "set", "bob", "--as", "bob", "--description", "Builds.", "--password-file", _farm["password"]);
        await FailAsync(FarmExitCode.NotAllowed, "people", "set", "ada", "--as", "bob", "--description", "x");
        await FailAsync(FarmExitCode.NotAllowed, "people", "set", "bob", "--as", "bob", "--description", "x", "--admin", "yes");
        await FailAsync(FarmExitCode.NotAllowed, "people", "set", "bob", "--as", "bob", "--name", "robert");
        await SucceedAsync("people", "set", "bob", "--as", "ada", "--name", "robert", "--admin", "yes");
        await SucceedAsync("people", "set", "robert", "--as", "ada", "--state", "suspended", "--admin", "no");
        await FailAsync(FarmExitCode.NotAllowed, "people", "list", "--as", "bob");

        Assert.That(
            await SucceedAsync("people", "show", "bob"),
            Does.Contain("Name:          robert\n").And.Contain("State:         suspended\n").And.Contain("Builds.")
                .And.Not.Contain("admins"));
    }

    [Test]
    public async Task What_was_changed_is_shown_as_json()
    {
        using var added = JsonDocument.Parse(await SucceedAsync("people", "add", "ada", "--email", "ada@example.org", "--json"));
        using var changed = JsonDocument.Parse(await SucceedAsync("people", "set", "ada", "--state", "deactivated", "--json"));

        Assert.That(added.RootElement.GetProperty("name").GetString(), Is.EqualTo("ada"));
        Assert.That(changed.RootElement.GetProperty("state").GetString(), Is.EqualTo("DEACTIVATED"));
    }

    [Test]
    public async Task Addresses_are_managed()
    {
        await SucceedAsync("people", "add", "ada", "--email", "ada@example.org");
        await SucceedAsync("people", "add", "bob", "--email", "bob@example.org");

        Assert.That(
            await SucceedAsync("people", "addresses", "add", "ada", "ada@example.net", "--as", "ada", "--json"),
            Does.Contain("ada@example.net"));
        await SucceedAsync("people", "addresses", "prefer", "ada", "ada@example.net");
        await SucceedAsync("people", "addresses", "remove", "ada", "ada@example.org");
        await FailAsync(FarmExitCode.Failed, "people", "addresses", "add", "bob", "ADA@example.net");
        await FailAsync(FarmExitCode.Usage, "people", "addresses", "add", "bob", "no address");
        await FailAsync(FarmExitCode.NotAllowed, "people", "addresses", "list", "ada", "--as", "bob");

        Assert.That(
            await SucceedAsync("people", "addresses", "list", "ada"), Is.EqualTo("PREFERRED  ADDRESS\nyes        ada@example.net\n"));
        using var json = JsonDocument.Parse(await SucceedAsync("people", "addresses", "list", "ada", "--json"));
        Assert.That(json.RootElement[0].GetProperty("is_preferred").GetBoolean());
    }

    [TestCase("people", "add", "Ada", "--email", "ada@example.org")]
    [TestCase("people", "add", "a", "--email", "ada@example.org")]
    [TestCase("people", "add", "ada", "--email", "nonsense")]
    [TestCase("people", "add", "ada")]
    [TestCase("people", "add", "ada", "--email", "a@example.org", "--display-name", "two\nlines")]
    [TestCase("people", "add", "ada", "--email", "a@example.org", "--display-name", "a \u001b[31m colour")]
    [TestCase("people", "add", "ada", "--email", "a@example.org", "--description", "a NUL \0")]
    [TestCase("people", "add", "ada", "--email", "a@example.org", "--password", "--password-file", "x")]
    [TestCase("people", "set", "admins", "--state", "suspended")]
    [TestCase("people", "show", "admins")]
    public async Task What_cannot_be_meant_is_a_wrong_command_line_and_changes_nothing(params string[] arguments)
    {
        await _farm.MakeStoreAsync();

        await FailAsync(FarmExitCode.Usage, arguments);

        Assert.That((await SucceedAsync("people", "list", "--json")).Trim(), Is.EqualTo("[]"));
    }

    [TestCase("people", "show", "nobody")]
    [TestCase("people", "set", "nobody", "--description", "x")]
    [TestCase("people", "addresses", "list", "nobody")]
    [TestCase("people", "list", "--as", "nobody")]
    public async Task Who_is_not_there_is_said_plainly(params string[] arguments)
    {
        await _farm.MakeStoreAsync();

        await FailAsync(FarmExitCode.NotFound, arguments);
    }

    private async Task WritePasswordAsync(string text)
    {
        await File.WriteAllTextAsync(_farm["password"], text);
        File.SetUnixFileMode(_farm["password"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

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

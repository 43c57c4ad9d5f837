using System.Text.Json;
using System.Text.RegularExpressions;
using Buildd.Farm;
using Buildd.Linux.Processes;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Commands.People;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class TokenCommandTests : IDisposable
{
    private readonly FarmBench _farm = new();

    public void Dispose() => _farm.Dispose();

    [SetUp]
    public async Task AddPeopleAsync()
    {
        foreach (var name in (string[])["ada", "bob"])
            Assert.That((await _farm.RunAsync("people", "add", name, "--email", $"{name}@example.org")).Code, Is.Zero);
    }

    [Test]
    public async Task Standard_output_is_the_file_and_nothing_else()
    {
        var made = await _farm.RunAsync("token", "new", "ada", "--consumer", "a script", "--level", "READ_PRIVATE");

        Assert.That(made.Code, Is.Zero, made.ToString());
        var file = Regex.Match(
            made.Output,
            @"\A\[1\]\nconsumer_key = a script\nconsumer_secret =\naccess_token = (\w{20})\naccess_secret = (\w{40})\n\z");
        Assert.That(file.Success, made.Output);
        Assert.That(made.Error, Does.Contain("token revoke 1").And.Not.Contain(file.Groups[2].Value).And.Not.Contain(file.Groups[1].Value));
        var check = await _farm.WithStoreAsync(store => new FarmRecords(store).Tokens.AuthenticateAsync(
            "a script", file.Groups[1].Value, file.Groups[2].Value, "test", default));
        Assert.That(check.Actor?.Name, Is.EqualTo("ada"));
        foreach (var words in (string[][])[["token", "list", "--json"], ["token", "list"], ["audit", "--json"]])
            Assert.That((await _farm.RunAsync(words)).ToString(), Does.Not.Contain(file.Groups[2].Value), string.Join(' ', words));
    }

    [TestCase("a script")]
    [TestCase("System-wide: Debian (100% of it; # all)")]
    [TestCase("= [1] %(access_token)s")]
    [TestCase("\u00e4\u6f22")]
    public async Task Launchpadlib_reads_the_file(string consumer)
    {
        const string Python = "/usr/bin/python3"; // Debian's, which has Debian's modules
        Machine.Require(
            File.Exists(Python) && (await ProcessRunner.RunAsync(Command.Of(Python, "-c", "import launchpadlib"), _ => { })).Succeeded,
            "launchpadlib is missing: apt-get install python3-launchpadlib");
        var made = await _farm.RunAsync("token", "new", "ada", "--consumer", consumer, "--level", "WRITE_PRIVATE");
        await File.WriteAllTextAsync(_farm["credentials"], made.Output);

        var read = await ProcessRunner.CaptureAsync(Command.Of(
            Python,
            "-c",
            """
            import json, sys
            from launchpadlib.credentials import Credentials
            read = Credentials.load_from_path(sys.argv[1])
            print(json.dumps([read.consumer.key, read.consumer.secret, read.access_token.key, read.access_token.secret]))
            """,
            _farm["credentials"]));

        var words = JsonSerializer.Deserialize<string[]>(read)!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(words[0], Is.EqualTo(consumer));
            Assert.That(words[1], Is.Empty);
            Assert.That(made.Output, Does.Contain($"access_token = {words[2]}\naccess_secret = {words[3]}\n"));
        }
    }

    [Test]
    public async Task Tokens_are_listed_and_revoked()
    {
        await _farm.RunAsync("token", "new", "ada", "--consumer", "one", "--level", "READ_PUBLIC");
        await _farm.RunAsync("token", "new", "bob", "--consumer", "two", "--level", "WRITE_PUBLIC", "--expires", "2100-01-31T12:00:00Z");

        Assert.That((await _farm.RunAsync("token", "revoke", "1", "--as", "bob")).Code, Is.EqualTo(FarmExitCode.NotFound));
        using var revoked = JsonDocument.Parse((await _farm.RunAsync("token", "revoke", "1", "--as", "ada", "--json")).Output);
        Assert.That(revoked.RootElement.GetProperty("revoked").ValueKind, Is.EqualTo(JsonValueKind.String));
        Assert.That((await _farm.RunAsync("token", "revoke", "4711")).Code, Is.EqualTo(FarmExitCode.NotFound));

        var table = (await _farm.RunAsync("token", "list")).Output.Split('\n');
        Assert.That(table[0], Does.Match("^NUMBER +PERSON +LEVEL +MADE +LAST USED +END +STATE +CONSUMER$"));
        Assert.That(table[1], Does.Match("^2 +bob +WRITE_PUBLIC .* - +2100-01-31 12:00:00Z +good +two$"));
        Assert.That(table[2], Does.Match("^1 +ada +READ_PUBLIC .* revoked +one$"));
        Assert.That((await _farm.RunAsync("token", "list", "--as", "bob")).Output, Does.Contain("two").And.Not.Contain("one"));
        Assert.That((await _farm.RunAsync("token", "list", "ada", "--as", "bob")).Code, Is.EqualTo(FarmExitCode.NotAllowed));
        using var json = JsonDocument.Parse((await _farm.RunAsync("token", "list", "ada", "--json")).Output);
        Assert.That(json.RootElement[0].GetProperty("person_name").GetString(), Is.EqualTo("ada"));
    }

    [TestCase(FarmExitCode.Usage, "token", "new", "ada", "--consumer", "x", "--level", "ALL")]
    [TestCase(FarmExitCode.Usage, "token", "new", "ada", "--consumer", "x")]
    [TestCase(FarmExitCode.Usage, "token", "new", "ada", "--level", "READ_PUBLIC")]
    [TestCase(FarmExitCode.Usage, "token", "new", "ada", "--consumer", "two\nlines", "--level", "READ_PUBLIC")]
    [TestCase(FarmExitCode.Usage, "token", "new", "ada", "--consumer", "", "--level", "READ_PUBLIC")]
    [TestCase(FarmExitCode.Usage, "token", "new", "admins", "--consumer", "x", "--level", "READ_PUBLIC")]
    [TestCase(FarmExitCode.Usage, "token", "new", "ada", "--consumer", "x", "--level", "READ_PUBLIC", "--expires", "2001-01-01")]
    [TestCase(FarmExitCode.NotFound, "token", "new", "nobody", "--consumer", "x", "--level", "READ_PUBLIC")]
    [TestCase(FarmExitCode.NotAllowed, "token", "new", "ada", "--consumer", "x", "--level", "READ_PUBLIC", "--as", "bob")]
    [TestCase(FarmExitCode.Usage, "token", "revoke", "one")]
    public async Task What_can_t_be_done_is_refused_and_prints_no_file(int code, params string[] arguments)
    {
        var ran = await _farm.RunAsync(arguments);

        Assert.That((ran.Code, ran.Output), Is.EqualTo((code, "")), ran.ToString());
        Assert.That((await _farm.RunAsync("token", "list", "--json")).Output.Trim(), Is.EqualTo("[]"));
    }
}

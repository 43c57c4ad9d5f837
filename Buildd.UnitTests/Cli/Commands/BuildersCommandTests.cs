using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Buildd.Farm;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Commands;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class BuildersCommandTests : IDisposable
{
    private readonly FarmBench _farm = new();

    public void Dispose() => _farm.Dispose();

    [Test]
    public async Task A_builder_that_was_added_is_listed_and_gets_work()
    {
        Assert.That(
            (await _farm.RunAsync("builders", "add", "bob", "http://builder.example:8221/", "-p", "amd64", "-p", "i386")).Code, Is.Zero);

        var table = (await _farm.RunAsync("builders", "list")).Output.Split('\n');
        Assert.That(table[0], Does.Match("^NAME +URL +PROCESSORS +STATE +CLEAN +FAILURES +NOTES$"));
        Assert.That(table[1], Does.Match("^bob +http://builder.example:8221/ +amd64,i386 +in service +dirty +0$"));
    }

    [Test]
    public async Task A_password_in_a_URL_is_kept_and_never_shown()
    {
        await _farm.RunAsync("builders", "add", "bob", "http://user:planted@builder.example:8221/");

        foreach (
            var words in (string[][])[["builders", "list"], ["builders", "list", "--json"], ["builders", "set", "bob", "--notes", "x"]])
            Assert.That(
                (await _farm.RunAsync(words)).ToString(), Does.Not.Contain("planted").And.Not.Contain("user"), string.Join(' ', words));
        Assert.That((await _farm.WithStoreAsync(store => store.Builders.FindAsync("bob")))!.Url.UserInfo, Is.EqualTo("user:planted"));
    }

    [Test]
    public async Task A_slave_that_leads_elsewhere_is_not_followed()
    {
        using var slave = new TcpListener(IPAddress.Loopback, 0);
        using var other = new TcpListener(IPAddress.Loopback, 0);
        slave.Start();
        other.Start();
        var answering = Task.Run(async () =>
        {
            using var connection = await slave.AcceptTcpClientAsync();
            var stream = connection.GetStream();
            await stream.ReadAtLeastAsync(new byte[4096], 100);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                $"HTTP/1.1 307 Elsewhere\r\nLocation: http://{other.LocalEndpoint}/rpc\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        });
        await _farm.RunAsync("builders", "add", "bob", $"http://{slave.LocalEndpoint}/");

        var ran = await _farm.RunAsync("builders", "check", "bob");

        await answering;
        Assert.That(ran.ToString(), Does.Contain("answered with HTTP status 307"));
        Assert.That(other.Pending(), Is.False);
    }

    [Test]
    public async Task All_that_can_be_said_of_a_builder_is_stored()
    {
        await _farm.RunAsync(
            "builders", "add", "bob", "http://builder.example:8221/", "--manual", "yes", "--virtualized", "yes", "--vm-host", "host7",
            "--vm-reset-protocol", "2.0", "--clean", "clean", "--resource", "gpu", "--resource", "big", "--restricted-resource", "secret");

        using var json = JsonDocument.Parse((await _farm.RunAsync("builders", "list", "--json")).Output);
        var bob = json.RootElement[0];
        Assert.Multiple(() =>
        {
            Assert.That(bob.GetProperty("manual").GetBoolean());
            Assert.That(bob.GetProperty("virtualized").GetBoolean());
            Assert.That(bob.GetProperty("vm_host").GetString(), Is.EqualTo("host7"));
            Assert.That(bob.GetProperty("vm_reset_protocol").GetString(), Is.EqualTo("2.0"));
            Assert.That(bob.GetProperty("clean").GetString(), Is.EqualTo("CLEAN"));
            Assert.That(
                bob.GetProperty("open_resources").EnumerateArray().Select(word => word.GetString()), Is.EqualTo(new[] { "big", "gpu" }));
            Assert.That(bob.GetProperty("restricted_resources")[0].GetString(), Is.EqualTo("secret"));
        });
    }

    [Test]
    public async Task What_is_not_given_stays_and_an_empty_word_empties()
    {
        await _farm.RunAsync(
            "builders", "add", "bob", "http://builder.example:8221/", "-p", "amd64", "--resource", "gpu", "--vm-host", "host7");
        await _farm.RunAsync("builders", "set", "bob", "--in-service", "no", "--notes", "the fan is broken");

        Assert.That(
            (await _farm.RunAsync("builders", "list")).Output, Does.Contain("out of service").And.Contain("the fan is broken")
                .And.Contain("amd64"));

        await _farm.RunAsync(
            "builders", "set", "bob", "--resource", "", "--vm-host", "", "--in-service", "yes", "--url", "http://other.example/");

        var bob = (await _farm.WithStoreAsync(store => store.Builders.FindAsync("bob")))!;
        Assert.That(
            (bob.InService, bob.FailNotes, bob.VmHost, bob.OpenResources.Count, bob.Url.Host),
            Is.EqualTo((true, (string?)null, (string?)null, 0, "other.example")));
    }

    [Test]
    public async Task A_builder_s_own_token_is_kept_by_the_name_of_its_file_and_forgotten_by_an_empty_one()
    {
        await File.WriteAllTextAsync(_farm["token"], "secret-of-bob");
        File.SetUnixFileMode(_farm["token"], UnixFileMode.UserRead);

        await _farm.RunAsync("builders", "add", "bob", "http://builder.example:8221/", "--token-file", _farm["token"]);
        var listed = (await _farm.RunAsync("builders", "list", "--json")).Output;
        Assert.That(listed, Does.Contain(_farm["token"]).And.Not.Contain("secret-of-bob"));
        var missing = await _farm.RunAsync("builders", "set", "bob", "--token-file", _farm["none"]);
        Assert.That(
            (missing.Code, missing.Error),
            Is.EqualTo((FarmExitCode.Failed, $"set: A key to slaves can't be used: there is no file '{_farm["none"]}'.\n")));
        Assert.That((await _farm.WithStoreAsync(store => store.Builders.FindAsync("bob")))!.TokenFile, Is.EqualTo(_farm["token"]));

        await _farm.RunAsync("builders", "set", "bob", "--token-file", "");

        Assert.That((await _farm.WithStoreAsync(store => store.Builders.FindAsync("bob")))!.TokenFile, Is.Null);
    }

    [Test]
    public async Task A_name_that_is_taken_is_refused()
    {
        await _farm.RunAsync("builders", "add", "bob", "http://builder.example:8221/");

        var second = await _farm.RunAsync("builders", "add", "bob", "http://other.example:8221/");

        Assert.That(second.Code, Is.EqualTo(FarmExitCode.Failed));
        Assert.That(second.Error, Is.EqualTo("add: there is a builder bob already: change it with 'builders set', or take another name\n"));
    }

    [TestCase("builders", "add", "bob", "not a url")]
    [TestCase("builders", "add", "bob", "ftp://builder.example/")]
    [TestCase("builders", "add", "bob", "http://builder.example/?q")]
    [TestCase("builders", "add", "bob", "http://builder.example/#f")]
    [TestCase("builders", "add", "two words", "http://builder.example/")]
    [TestCase("builders", "add", ".hidden", "http://builder.example/")]
    [TestCase("builders", "add", "a/b", "http://builder.example/")]
    [TestCase("builders", "add", "bob", "http://builder.example/", "--resource", "two words")]
    [TestCase("builders", "add", "bob", "http://u:p@builder.example/", "--token-file", "token")]
    [TestCase("builders", "add", "bob", "http://builder.example/", "--manual", "perhaps")]
    [TestCase("builders", "add", "bob", "http://builder.example/", "--vm-reset-protocol", "3")]
    [TestCase("builders", "add", "bob")]
    [TestCase("builders", "nonsense")]
    public async Task What_cannot_be_meant_is_a_wrong_command_line_and_changes_nothing(params string[] arguments)
    {
        await _farm.MakeStoreAsync();
        var ran = await _farm.RunAsync(arguments);

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.Usage), ran.ToString());
        Assert.That(ran.Error.Trim(), Is.Not.Empty);
        Assert.That((await _farm.RunAsync("builders", "list", "--json")).Output.Trim(), Is.EqualTo("[]"));
    }

    [TestCase("set", "eve", "--manual", "no")]
    [TestCase("remove", "eve")]
    [TestCase("check", "eve")]
    public async Task A_builder_that_is_not_there_is_said_plainly(params string[] arguments)
    {
        await _farm.MakeStoreAsync();
        var ran = await _farm.RunAsync(["builders", .. arguments]);

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.NotFound));
        Assert.That(ran.Error, Does.Contain("there is no builder \"eve\""));
    }

    [Test]
    public async Task A_builder_that_was_removed_is_gone()
    {
        await _farm.RunAsync("builders", "add", "bob", "http://builder.example:8221/");

        Assert.That((await _farm.RunAsync("builders", "remove", "bob")).Code, Is.Zero);
        Assert.That((await _farm.RunAsync("builders", "list", "--json")).Output.Trim(), Is.EqualTo("[]"));
    }

    [Test]
    public async Task A_slave_that_does_not_answer_is_not_well()
    {
        await _farm.RunAsync("builders", "add", "bob", "http://127.0.0.1:1/");

        var table = await _farm.RunAsync("builders", "check");
        var json = await _farm.RunAsync("builders", "check", "bob", "--json");

        Assert.That(table.Code, Is.EqualTo(FarmExitCode.NotWell));
        Assert.That(table.Output, Does.Match("\nbob +no +- +- +.*Connection refused"));
        using var document = JsonDocument.Parse(json.Output);
        Assert.That(document.RootElement[0].GetProperty("well").GetBoolean(), Is.False);
    }
}

using System.Text.Json;
using Buildd.Farm;
using Buildd.Farm.Archives;
using Buildd.Farm.Distributions;
using Buildd.Farm.Store;
using Buildd.UnitTests.Farm.People;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Commands.Archives;

/// <summary>The commands of distributions, series, architectures and archives: a farm set up by them alone, and who may do what.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class ArchiveCommandsTests : IDisposable
{
    private readonly FarmBench _farm = new();

    public void Dispose() => _farm.Dispose();

    [Test]
    public async Task A_distribution_with_its_series_and_architectures_is_listed_and_shown()
    {
        await DoneAsync("distributions", "add", "debian", "--title", "Debian GNU/Linux", "--alias", "deb");
        await DoneAsync("series", "add", "deb", "bookworm", "--series-version", "12", "--status", "Supported", "--alias", "oldstable");
        await DoneAsync("architectures", "add", "debian", "oldstable", "amd64");
        await DoneAsync("architectures", "add", "debian", "12", "armhf", "--processor", "arm64", "--official", "no");
        await DoneAsync("series", "set", "debian", "bookworm", "--nominated", "amd64", "--title", "Bookworm");
        await DoneAsync("architectures", "set", "debian", "bookworm", "armhf", "--enabled", "no");

        Assert.That(await DoneAsync("distributions", "list"), Does.Match("^NAME +ALIASES +TITLE\ndebian +deb +Debian GNU/Linux\n$"));
        Assert.That(await DoneAsync("distributions", "show", "deb"), Does.Contain("Series:            bookworm (Supported)\n"));
        Assert.That(await DoneAsync("series", "list", "debian"), Does.Match("\nbookworm +12 +Supported +oldstable +Bookworm\n$"));
        Assert.That(
            await DoneAsync("series", "show", "debian", "12"),
            Does.Match("Nominated: +amd64\nArchitecture: +amd64\nArchitecture: +armhf \\(disabled\\)\n"));
        Assert.That(
            await DoneAsync("architectures", "list", "debian", "bookworm"),
            Does.Match("\namd64 +amd64 +yes +yes\narmhf +arm64 +no +no\n$"));
    }

    [Test]
    public async Task Json_has_the_columns()
    {
        await SetUpAsync();

        await AssertMembersAsync(DistributionColumns.All, [], "distributions", "list");
        await AssertMembersAsync(DistributionColumns.All, [], "distributions", "show", "debian");
        await AssertMembersAsync(DistributionColumns.All, [], "distributions", "set", "debian", "--title", "x");
        await AssertMembersAsync(SeriesColumns.All, [], "series", "list", "debian");
        await AssertMembersAsync(SeriesColumns.All, [], "series", "show", "debian", "bookworm");
        await AssertMembersAsync(SeriesColumns.All, [], "series", "add", "debian", "trixie");
        await AssertMembersAsync(ArchitectureColumns.All, [], "architectures", "list", "debian", "bookworm");
        await AssertMembersAsync(ArchitectureColumns.All, [], "architectures", "add", "debian", "bookworm", "arm64");
        await AssertMembersAsync(ArchiveColumns.All, ["reference", "owner_name"], "archives", "list");
        await AssertMembersAsync(ArchiveColumns.All, ["reference", "owner_name"], "archives", "set", "debian", "--enabled", "no");
        await AssertMembersAsync(ArchiveColumns.All, ["reference", "owner_name", "dependencies"], "archives", "show", "debian");
    }

    [Test]
    public async Task An_archive_is_made_shown_changed_and_its_lines_printed()
    {
        await SetUpAsync();
        await DoneAsync("--as", "ada", "archives", "add", "~ada/debian/tools", "--display-name", "Ada's", "--component", "main");
        await DoneAsync(
            "archives", "set", "~ada/debian/tools", "--url", "http://ppa.example/ada", "--external-line",
            "deb http://ext.example/ %(series)s main", "--relative-score", "10", "--signing-key",
            "0123 4567 89ab cdef 0123  4567 89ab cdef 0123 4567");
        await DoneAsync("--as", "ada", "archives", "depend", "~ada/debian/tools", "debian", "--pocket", "security", "--component", "main");

        Assert.That(await DoneAsync("archives", "list", "--owner", "ada"), Does.Match(
            "^NUMBER +ARCHIVE +OWNER +PRIVATE +ENABLED +SCORE +TITLE\n2 +~ada/debian/tools +ada +no +yes +10 +Ada's\n$"));
        Assert.That(await DoneAsync("archives", "show", "~ada/debian/tools"), Does.Match(
            "Signing key: +0123456789ABCDEF0123456789ABCDEF01234567\n(.*\n)*Depends on: +debian SECURITY main\n$"));
        const string Lines =
            """
            deb http://ppa.example/ada bookworm main
            deb http://ext.example/ bookworm main
            deb http://deb.example/debian bookworm main
            deb http://deb.example/debian bookworm-security main

            """;
        Assert.That(await DoneAsync("archives", "lines", "~ada/debian/tools", "--series", "bookworm"), Is.EqualTo(Lines));
        using var json = JsonDocument.Parse(await DoneAsync("archives", "lines", "~ada/debian/tools", "--series", "bookworm", "--json"));
        Assert.That(
            json.RootElement.EnumerateArray().Select(line => line.GetString()), Is.EqualTo(Lines.TrimEnd().Split('\n')));

        await DoneAsync("archives", "depend", "~ada/debian/tools", "debian", "--remove");
        await DoneAsync("archives", "set", "~ada/debian/tools", "--url", "", "--external-line", "");
        Assert.That(
            await DoneAsync("archives", "lines", "~ada/debian/tools", "--series", "bookworm"),
            Does.StartWith("deb http://deb.example/debian bookworm main contrib\n"));
    }

    [Test]
    public async Task A_private_archive_is_not_there_for_a_stranger_whatever_they_try()
    {
        await SetUpAsync();
        await DoneAsync("archives", "add", "~ada/debian/hidden", "--private", "yes");

        foreach (var words in (string[][])
            [["show"], ["show", "--json"], ["set", "--enabled", "no"], ["set", "--private", "no"], ["set", "--relative-score", "7"],
                ["lines", "--series", "bookworm"], ["depend", "debian"], ["depend", "debian", "--remove"]])
        {
            string[] Ran(string reference) => ["--as", "eve", "archives", words[0], reference, .. words[1..]];
            var (hidden, none) = (await _farm.RunAsync(Ran("~ada/debian/hidden")), await _farm.RunAsync(Ran("~ada/debian/none")));
            Assert.That(hidden.ToString(), Is.EqualTo(none.ToString().Replace("none", "hidden", StringComparison.Ordinal)));
            Assert.That(hidden.Code, Is.EqualTo(FarmExitCode.NotFound), hidden.ToString());
            Assert.That(hidden.Error, Is.EqualTo($"{words[0]}: there is no archive \"~ada/debian/hidden\"\n"));
        }

        await DoneAsync("--as", "eve", "archives", "add", "~eve/debian/mine");
        var depends = await _farm.RunAsync("--as", "eve", "archives", "depend", "~eve/debian/mine", "~ada/debian/hidden");
        Assert.That(depends.Error, Is.EqualTo("depend: there is no archive \"~ada/debian/hidden\"\n"));
        foreach (var words in (string[][])[["list"], ["list", "--json"], ["list", "--owner", "ada"], ["list", "--purpose", "PPA"]])
            Assert.That((await _farm.RunAsync(["--as", "eve", "archives", .. words])).ToString(), Does.Not.Contain("hidden"));
        Assert.That(await DoneAsync("--as", "ada", "archives", "list"), Does.Contain("hidden"));
    }

    [TestCase("distributions", "add", "ubuntu")]
    [TestCase("distributions", "set", "debian", "--title", "x")]
    [TestCase("series", "add", "debian", "sid")]
    [TestCase("series", "set", "debian", "bookworm", "--title", "x")]
    [TestCase("architectures", "add", "debian", "bookworm", "arm64")]
    [TestCase("architectures", "set", "debian", "bookworm", "amd64", "--enabled", "no")]
    [TestCase("archives", "add", "debian/copy")]
    [TestCase("archives", "add", "~ada/debian/tools")]
    [TestCase("archives", "set", "debian", "--enabled", "no")]
    [TestCase("archives", "set", "debian", "--relative-score", "7")]
    [TestCase("archives", "set", "debian", "--url", "http://eve.example/")]
    [TestCase("archives", "depend", "debian", "debian")]
    public async Task What_a_person_may_not_do_is_said(params string[] arguments)
    {
        await SetUpAsync();

        var ran = await _farm.RunAsync(["--as", "eve", .. arguments]);

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.NotAllowed), ran.ToString());
        Assert.That(ran.Error, Does.Match("eve may not .*may\n$"));
    }

    [TestCase("distributions", "add", "D")]
    [TestCase("distributions", "add", "x\u0000y")]
    [TestCase("distributions", "set", "debian", "--alias", "one", "--alias", "one")]
    [TestCase("series", "add", "debian", "x", "--status", "Nonsense")]
    [TestCase("series", "set", "debian", "bookworm", "--nominated", "arm64")]
    [TestCase("archives", "add", "~ada/debian")]
    [TestCase("archives", "add", "~ada/debian/x", "--owner", "eve")]
    [TestCase("archives", "add", "~ada/debian/tools", "--description", "a\u0000b")]
    [TestCase("archives", "show", "../debian")]
    [TestCase("archives", "set", "debian", "--external-line", "deb http://u:planted@a.example/ sid main")]
    [TestCase("archives", "set", "debian", "--external-line", "planted")]
    [TestCase("archives", "set", "debian", "--url", "http://u:planted@a.example/")]
    [TestCase("archives", "set", "debian", "--relative-score", "9999999")]
    [TestCase("archives", "set", "debian", "--relative-score", "many")]
    [TestCase("archives", "list", "--count", "0")]
    [TestCase("archives", "list", "--purpose", "PARTNER")]
    [TestCase("archives", "lines", "debian")]
    [TestCase("archives", "lines", "debian", "--series", "bookworm", "--pocket", "none")]
    [TestCase("archives", "depend", "debian", "debian")]
    public async Task What_cannot_be_meant_is_a_wrong_command_line(params string[] arguments)
    {
        await SetUpAsync();

        var ran = await _farm.RunAsync(arguments);

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.Usage), ran.ToString());
        Assert.That(ran.Error, Is.Not.Empty.And.Not.Contain("planted"));
    }

    [TestCase("distributions", "show", "none")]
    [TestCase("series", "list", "none")]
    [TestCase("series", "show", "debian", "none")]
    [TestCase("architectures", "set", "debian", "bookworm", "none", "--enabled", "no")]
    [TestCase("archives", "show", "ubuntu")]
    [TestCase("archives", "add", "~none/debian/tools")]
    [TestCase("archives", "add", "~ada/none/tools")]
    [TestCase("archives", "list", "--owner", "none")]
    [TestCase("archives", "lines", "debian", "--series", "none")]
    public async Task What_is_not_there_is_said(params string[] arguments)
    {
        await SetUpAsync();

        Assert.That((await _farm.RunAsync(arguments)).Code, Is.EqualTo(FarmExitCode.NotFound));
    }

    [TestCase("distributions add", "members of admins")]
    [TestCase("series set", "members of admins")]
    [TestCase("architectures add", "members of admins")]
    [TestCase("archives list", "everybody unless it is private, its owner and its owner's members, members of ppa-admins")]
    [TestCase("archives set", "--relative-score: members of buildd-admins")]
    [TestCase("archives depend", "its owner and its owner's members")]
    public async Task Help_says_who_may(string command, string who)
    {
        var help = (await _farm.RunAsync([.. command.Split(' '), "--help"])).Output;

        Assert.That(string.Join(' ', help.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)), Does.Contain(who));
        Assert.That(help, Does.Contain("Who may: "));
    }

    [Test]
    public async Task A_password_of_an_archive_is_nowhere_in_the_store()
    {
        await SetUpAsync();
        await _farm.RunAsync("archives", "set", "debian", "--external-line", "deb http://u:planted@a.example/ sid main");
        await _farm.RunAsync("archives", "set", "debian", "--url", "http://u:planted@a.example/");

        Assert.That(await File.ReadAllTextAsync(_farm["state/farm.sqlite"]), Does.Not.Contain("planted"));
    }

    /// <summary>Debian with bookworm for amd64 and its archive, and two people.</summary>
    private async Task SetUpAsync()
    {
        await DoneAsync("distributions", "add", "debian");
        await DoneAsync("series", "add", "debian", "bookworm");
        await DoneAsync("architectures", "add", "debian", "bookworm", "amd64");
        await DoneAsync("archives", "add", "debian", "--url", "http://deb.example/debian", "--component", "main", "--component", "contrib");
        await _farm.WithStoreAsync(async store =>
        {
            var records = new FarmRecords(store);
            await records.AddPersonAsync("ada");
            return await records.AddPersonAsync("eve");
        });
    }

    private async Task<string> DoneAsync(params string[] arguments)
    {
        var ran = await _farm.RunAsync(arguments);
        Assert.That(ran.Code, Is.Zero, $"{string.Join(' ', arguments)}: {ran}");
        return ran.Output;
    }

    private async Task AssertMembersAsync<T>(IReadOnlyList<Column<T>> columns, string[] more, params string[] arguments)
    {
        using var json = JsonDocument.Parse(await DoneAsync([.. arguments, "--json"]));
        var one = json.RootElement.ValueKind == JsonValueKind.Array ? json.RootElement[0] : json.RootElement;
        Assert.That(
            one.EnumerateObject().Select(member => member.Name),
            Is.EquivalentTo(columns.Select(column => column.JsonName).Concat(more)),
            string.Join(' ', arguments));
    }
}

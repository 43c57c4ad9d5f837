using Buildd.Farm;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Commands;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class SetupCommandTests : IDisposable
{
    private readonly FarmBench _farm = new();

    public void Dispose() => _farm.Dispose();

    [Test]
    public async Task A_farm_is_set_up_from_nothing()
    {
        await SmallChroot.WriteAsync(_farm["chroot.tar.gz"]);

        var ran = await SetUpAsync("--chroot", _farm["chroot.tar.gz"]);

        Assert.That(ran.Code, Is.Zero, ran.ToString());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ran.Output, Does.Contain("the administrator ada: made\n"));
            Assert.That(ran.Output, Does.Contain("bookworm for amd64: added \"chroot.tar.gz\""));
            Assert.That((await _farm.RunAsync("people", "show", "ada")).Output, Does.Match("Team: +admins"));
            Assert.That((await _farm.RunAsync("chroots", "list")).Output, Does.Contain("bookworm  amd64"));
            Assert.That(
                (await _farm.RunAsync("archives", "lines", "debian", "--series", "bookworm")).Output,
                Is.EqualTo("deb http://archive.example/debian bookworm main\n"));
            Assert.That((await _farm.RunAsync("--as", "ada", "people", "add", "bob", "--email", "bob@example.org")).Code, Is.Zero);
        }
    }

    [Test]
    public async Task Who_was_interrupted_begins_again_and_what_is_there_stays()
    {
        await SetUpAsync("--chroot", "none");
        await _farm.RunAsync("people", "set", "ada", "--display-name", "Ada");

        var ran = await SetUpAsync("--chroot", "none");

        Assert.That(ran.Code, Is.Zero, ran.ToString());
        Assert.That(ran.Output, Does.Contain("the administrator ada: there already\n").And.Not.Contain(": made"));
        Assert.That((await _farm.RunAsync("people", "show", "ada")).Output, Does.Match("Display name: +Ada\n"));
    }

    [Test]
    public async Task A_farm_that_has_an_administrator_is_not_set_up_for_another()
    {
        await SetUpAsync("--chroot", "none");

        var ran = await _farm.RunAsync([.. Arguments("bob"), "--chroot", "none"]);

        Assert.That((ran.Code, ran.Error), Is.EqualTo((
            FarmExitCode.Failed,
            "setup: this farm is set up: ada administers it. 'people add --admin', 'distributions add', 'series add' and 'archives add' "
                + "make more\n")));
    }

    [TestCase("--admin", "A")]
    [TestCase("--email", "nobody")]
    [TestCase("--distribution", "../debian")]
    [TestCase("--series", "Bookworm Stable")]
    [TestCase("--architecture", "x\0")]
    public async Task Nothing_is_made_of_what_can_t_be(string option, string value)
    {
        var arguments = Arguments("ada").ToList();
        arguments[arguments.IndexOf(option) + 1] = value;

        var ran = await _farm.RunAsync([.. arguments, "--chroot", "none"]);

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.Usage), ran.ToString());
        Assert.That((await _farm.RunAsync("people", "list", "--json")).Output, Is.EqualTo("[]\n"));
    }

    [Test]
    public async Task Nobody_is_asked_where_there_is_no_terminal()
    {
        var ran = await _farm.RunAsync("setup", "--email", "ada@example.org");

        Assert.That((ran.Code, ran.Error), Is.EqualTo(
            (FarmExitCode.Usage, "setup: --admin is missing, and there is nobody to ask at a terminal\n")));
    }

    [Test]
    public async Task A_person_sets_no_farm_up()
    {
        await SetUpAsync("--chroot", "none");

        var ran = await _farm.RunAsync(["--as", "ada", .. Arguments("ada"), "--chroot", "none"]);

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.NotAllowed), ran.ToString());
    }

    [Test]
    public async Task A_person_is_told_of_no_build_that_they_do_not_see()
    {
        await SetUpAsync("--chroot", "none");
        await _farm.RunAsync("people", "add", "eve", "--email", "eve@example.org");
        await _farm.QueueAsync("hidden");
        await _farm.RunAsync("cancel", "1");

        using (Assert.EnterMultipleScope())
        {
            var retried = await _farm.RunAsync("--as", "eve", "retry", "--state", "cancelled");
            Assert.That(retried.ToString(), Is.EqualTo("0\n\nNo build is like that.\n"));
            Assert.That((await _farm.RunAsync("--as", "eve", "queue", "--all", "--json")).Output, Is.EqualTo("[]\n"));
            foreach (var command in (string[])["show", "log", "cancel", "retry"])
            {
                var ran = await _farm.RunAsync("--as", "eve", command, "1");
                var none = (await _farm.RunAsync("--as", "eve", command, "7")).Error.Replace(" 7;", " 1;", StringComparison.Ordinal);
                Assert.That((ran.Code, ran.Output + ran.Error), Is.EqualTo((FarmExitCode.NotFound, none)), command);
            }

            Assert.That((await _farm.RunAsync("--as", "ada", "queue", "--all")).Output, Does.Contain("hidden"));
        }
    }

    private static string[] Arguments(string admin) =>
    [
        "setup", "--yes", "--admin", admin, "--email", $"{admin}@example.org", "--distribution", "debian", "--series", "bookworm",
        "--architecture", "amd64", "--mirror", "http://archive.example/debian",
    ];

    private Task<FarmBench.Ran> SetUpAsync(params string[] more) => _farm.RunAsync([.. Arguments("ada"), .. more]);
}

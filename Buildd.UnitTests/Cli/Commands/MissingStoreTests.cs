using Buildd.Farm;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Commands;

/// <summary>Commands that only look at a farm, or change what is there, make none.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class MissingStoreTests : IDisposable
{
    private readonly FarmBench _farm = new();

    public void Dispose() => _farm.Dispose();

    [TestCase("builders", "list")]
    [TestCase("builders", "list", "--json")]
    [TestCase("builders", "check")]
    [TestCase("builders", "set", "bob", "--manual", "no")]
    [TestCase("builders", "remove", "bob")]
    [TestCase("chroots", "list")]
    [TestCase("chroots", "remove", "bookworm", "amd64")]
    [TestCase("queue")]
    [TestCase("show", "1")]
    [TestCase("log", "1")]
    [TestCase("cancel", "1")]
    [TestCase("rescore", "1", "7")]
    [TestCase("retry", "1")]
    [TestCase("process-upload", "-n")]
    [TestCase("retry-upload", "1")]
    [TestCase("prune")]
    [TestCase("store", "check")]
    [TestCase("store", "migrate")]
    [TestCase("builders", "release", "--all")]
    [TestCase("distributions", "list")]
    [TestCase("series", "add", "debian", "sid")]
    [TestCase("architectures", "list", "debian", "sid")]
    [TestCase("archives", "add", "debian")]
    [TestCase("archives", "show", "debian")]
    [TestCase("people", "list")]
    [TestCase("people", "set", "ada", "--state", "active")]
    [TestCase("teams", "add", "team", "--owner", "ada")]
    [TestCase("token", "list")]
    [TestCase("settings", "set", "soyuz.livefs.allow_new", "yes")]
    [TestCase("audit")]
    public async Task A_store_that_is_missing_is_said_and_not_made(params string[] arguments)
    {
        var ran = await _farm.RunAsync(arguments);

        Assert.That((ran.Code, ran.Output), Is.EqualTo((FarmExitCode.NotFound, "")));
        Assert.That(ran.Error, Does.Contain($": there is no farm's store at {_farm["state/farm.sqlite"]}: "));
        Assert.That(Directory.Exists(_farm["state"]), Is.False);
    }

    [Test]
    public async Task What_puts_something_into_it_makes_it()
    {
        Assert.That((await _farm.RunAsync("builders", "add", "bob", "http://builder.example:8221/")).Code, Is.Zero);
        Assert.That((await _farm.RunAsync("queue", "--json")).Output.Trim(), Is.EqualTo("[]"));
    }
}

using System.Text.Json;
using Buildd.Farm;
using Buildd.Master.Builders;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Commands;

/// <summary>Builders that belong to a run which is no more are given back.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class BuildersReleaseCommandTests : IDisposable
{
    private const string Owner = "farm7-4711-0123456789abcdef0123456789abcdef";

    private readonly FarmBench _farm = new();

    private Runs Runs => new(_farm["state/runs"]);

    public void Dispose() => _farm.Dispose();

    [Test]
    public async Task What_a_dead_run_has_is_given_back_and_whose_it_was_is_said()
    {
        await LeaseAsync("bob");

        var ran = await _farm.RunAsync("builders", "release", "bob");

        Assert.That(ran.Code, Is.Zero, ran.ToString());
        Assert.That(ran.Output, Does.Match("^bob is given back; it belonged to farm7, pid 4711, until [-0-9]{10} [:0-9]{8}Z\n$"));
        Assert.That((await FindAsync("bob")).LeaseOwner, Is.Null);
    }

    [Test]
    public async Task What_a_living_run_has_is_refused_unless_that_is_forced()
    {
        await LeaseAsync("bob");
        using var living = Runs.Begin(Owner);

        var ran = await _farm.RunAsync("builders", "release", "bob");

        Assert.That((ran.Code, ran.Output), Is.EqualTo((FarmExitCode.Failed, "")));
        Assert.That(ran.Error, Does.StartWith("bob belongs to a run that lives (farm7, pid 4711, until ").And.Contain("--force"));
        Assert.That((await FindAsync("bob")).LeaseOwner, Is.EqualTo(Owner));

        Assert.That((await _farm.RunAsync("builders", "release", "bob", "--force")).Code, Is.Zero);
        Assert.That((await FindAsync("bob")).LeaseOwner, Is.Null);
    }

    [Test]
    public async Task All_are_those_that_belong_to_a_run()
    {
        await LeaseAsync("bob", "eve");
        await AddAsync("tom");

        var ran = await _farm.RunAsync("builders", "release", "--all", "--json");

        Assert.That(ran.Code, Is.Zero, ran.ToString());
        using var json = JsonDocument.Parse(ran.Output);
        Assert.That(
            json.RootElement.EnumerateArray()
                .Select(one => (one.GetProperty("name").GetString(), one.GetProperty("released").GetBoolean())),
            Is.EqualTo(new[] { ("bob", true), ("eve", true) }));
        Assert.That(json.RootElement[0].GetProperty("lease_owner").GetString(), Is.EqualTo(Owner));
        Assert.That(json.RootElement[0].GetProperty("lease_expires").GetDateTimeOffset(), Is.GreaterThan(DateTimeOffset.UnixEpoch));
        Assert.That(json.RootElement[0].GetProperty("alive").ValueKind, Is.EqualTo(JsonValueKind.Null));
    }

    [Test]
    public async Task What_belongs_to_no_run_stays_as_it_is()
    {
        await AddAsync("tom");

        var ran = await _farm.RunAsync("builders", "release", "tom");

        Assert.That((ran.Code, ran.Output), Is.EqualTo((0, "tom belongs to no run\n")));
    }

    [TestCase(FarmExitCode.NotFound, "nobody")]
    [TestCase(FarmExitCode.Usage)]
    [TestCase(FarmExitCode.Usage, "tom", "--all")]
    public async Task What_cannot_be_meant_is_refused(int code, params string[] arguments)
    {
        await AddAsync("tom");

        Assert.That((await _farm.RunAsync(["builders", "release", .. arguments])).Code, Is.EqualTo(code));
    }

    private Task<Builder?> AddAsync(string name) => _farm.WithStoreAsync(
        store => store.Builders.TryAddAsync(new Builder { Name = name, Url = new Uri("http://builder.example:8221/") }));

    private async Task LeaseAsync(params string[] names)
    {
        foreach (var name in names)
            await AddAsync(name);
        await _farm.WithStoreAsync(store => store.Builders.LeaseAsync(Owner, TimeSpan.FromMinutes(1)));
    }

    private Task<Builder> FindAsync(string name) => _farm.WithStoreAsync(async store => (await store.Builders.FindAsync(name))!);
}

using System.Text.Json;
using Buildd.Farm;
using Buildd.Master.Builds;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Commands;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class PruneCommandTests : IDisposable
{
    private readonly FarmBench _farm = new();

    public void Dispose() => _farm.Dispose();

    [Test]
    public async Task It_says_what_it_would_remove_and_then_removes_it()
    {
        await PrepareAsync();

        var would = await _farm.RunAsync("prune", "--dry-run");

        Assert.That(
            would.Output, Is.EqualTo(
                $"{_farm["state/results/rejected/20200101-000000-PACKAGEBUILD-7"]} (2 KiB)\n1 would be removed, which frees 2 KiB\n"),
            would.ToString());
        Assert.That((await _farm.RunAsync("prune")).Output, Does.EndWith("\n1 removed, which frees 2 KiB\n"));
        Assert.That((await _farm.RunAsync("prune")).Output, Is.EqualTo("0 removed, which frees 0 bytes\n"));
    }

    [Test]
    public async Task Programs_are_told_of_each_thing()
    {
        await PrepareAsync();

        var ran = await _farm.RunAsync("prune", "--older-than", "0", "--json");

        using var json = JsonDocument.Parse(ran.Output);
        Assert.That(json.RootElement.GetProperty("dry_run").GetBoolean(), Is.False);
        Assert.That(json.RootElement.GetProperty("bytes").GetInt64(), Is.EqualTo(2052));
        Assert.That(
            json.RootElement.GetProperty("removed").EnumerateArray()
                .Select(item => (item.GetProperty("kind").GetString(), item.GetProperty("build").GetString())),
            Is.EqualTo(new[] { ("upload", "PACKAGEBUILD-7"), ("build-logs", "PACKAGEBUILD-1") }));
        Assert.That((await _farm.RunAsync("log", "1")).Error, Does.Contain("PACKAGEBUILD-1 has no log: it was removed"));
    }

    [TestCase("-1")]
    [TestCase("36501")]
    [TestCase("many")]
    public async Task A_number_of_days_that_cannot_be_is_refused(string days)
    {
        await _farm.MakeStoreAsync();

        Assert.That((await _farm.RunAsync("prune", "--older-than", days)).Code, Is.EqualTo(FarmExitCode.Usage));
    }

    private async Task PrepareAsync()
    {
        await _farm.QueueAsync("one");
        await _farm.WithStoreAsync(store => store.Builds.ChangeAsync(
            1, build => build.Dispatched("bob", DateTimeOffset.UnixEpoch.AddYears(56)) with { LogName = "buildlog.txt.gz" }));
        await _farm.WithStoreAsync(store => store.Builds.ChangeAsync(
            1, build => build.Ended(BuildState.FailedToBuild, TimeProvider.System.GetUtcNow().AddDays(-1))));
        Write("logs/PACKAGEBUILD-1/1/buildlog.txt.gz", "text");
        Write("rejected/20200101-000000-PACKAGEBUILD-7/1/debian/a.deb", new string('x', 2048));
    }

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_farm[$"state/results/{name}"])!);
        File.WriteAllText(_farm[$"state/results/{name}"], text);
    }
}

using Buildd.Farm;
using Buildd.Farm.Distributions;
using Buildd.UnitTests.Farm.Store;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Distributions;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.Postgresql)]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class SeriesRecordsTests(Engine engine) : IAsyncDisposable
{
    private readonly EngineBench _bench = new(engine);

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [TestCase("bookworm")]
    [TestCase("stable")]
    [TestCase("12")]
    public async Task A_series_is_found_by_its_name_an_alias_and_its_version(string name)
    {
        var records = _bench.Open();
        await records.AddDebianAsync();

        Assert.That((await records.Series.GetAsync("deb", name, default)).Name, Is.EqualTo("bookworm"));
    }

    [TestCase("debian", "sid")]
    [TestCase("debian", "")]
    [TestCase("debian", "book\0worm")]
    [TestCase("ubuntu", "bookworm")]
    public async Task What_is_not_there_is_said(string distribution, string name)
    {
        var records = _bench.Open();
        await records.AddDebianAsync();

        Assert.That(await records.Series.FindAsync(distribution, name, default), Is.Null);
        Assert.That(
            async () => await records.Series.GetAsync(distribution, name, default),
            Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.NotFound));
    }

    [Test]
    public async Task A_name_means_one_series_of_a_distribution_and_may_mean_another_of_another()
    {
        var records = _bench.Open();
        await records.AddDebianAsync();
        await records.Distributions.AddAsync(EngineBench.Local, DistributionCast.New("ubuntu"), default);
        await records.Series.AddAsync(EngineBench.Local, "ubuntu", DistributionCast.NewSeries("stable"), default);

        foreach (var series in (Series[])[DistributionCast.NewSeries("stable"), DistributionCast.NewSeries("sid", "bookworm")])
        {
            Assert.That(
                async () => await records.Series.AddAsync(EngineBench.Local, "debian", series, default), Throws.TypeOf<FarmException>());
        }

        Assert.That((await records.Series.ListAsync("debian", default)).Select(one => one.Name), Is.EqualTo(new[] { "bookworm" }));
    }

    [Test]
    public async Task Its_name_stays() => Assert.That(
        async () =>
        {
            var records = _bench.Open();
            await records.AddDebianAsync();
            await records.Series.ChangeAsync(EngineBench.Local, "debian", "bookworm", one => one with { Name = "trixie" }, default);
        },
        Throws.TypeOf<FarmException>().With.Message.Contains("its name stays"));

    [Test]
    public async Task An_architecture_that_is_built_for_can_be_nominated_and_then_stays_so()
    {
        var records = _bench.Open();
        await records.AddDebianAsync();
        await records.Architectures.AddAsync(
            EngineBench.Local, "debian", "bookworm", DistributionCast.NewArchitecture("arm64") with { Enabled = false }, default);

        foreach (var tag in (string[])["arm64", "riscv64", "am\0d64", ""])
            Assert.That(async () => await NominateAsync(tag), Throws.TypeOf<FarmException>(), tag);
        await NominateAsync("amd64");

        Assert.That((await records.Series.GetAsync("debian", "bookworm", default)).Nominated, Is.EqualTo("amd64"));
        Assert.That(async () => await DisableAsync(), Throws.TypeOf<FarmException>().With.Message.Contains("nominate another one"));
        await NominateAsync(null);
        await DisableAsync();

        Task NominateAsync(string? tag) =>
            records.Series.ChangeAsync(EngineBench.Local, "debian", "bookworm", one => one with { Nominated = tag }, default);

        Task DisableAsync() => records.Architectures.ChangeAsync(
            EngineBench.Local, "debian", "bookworm", "amd64", one => one with { Enabled = false }, default);
    }

    [Test]
    public async Task An_architecture_is_there_once()
    {
        var records = _bench.Open();
        await records.AddDebianAsync();

        Assert.That(
            async () => await records.Architectures.AddAsync(
                EngineBench.Local, "debian", "stable", DistributionCast.NewArchitecture("amd64"), default),
            Throws.TypeOf<FarmException>().With.Message.EqualTo("the series bookworm has the architecture amd64 already"));
        Assert.That(
            async () => await records.Architectures.ChangeAsync(EngineBench.Local, "debian", "stable", "arm64", one => one, default),
            Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.NotFound));
    }

    [Test]
    public void Titles_of_statuses_are_Launchpad_s()
    {
        Assert.That(SeriesStatusTitles.All, Is.EqualTo(new[]
        {
            "Experimental", "Active Development", "Pre-release Freeze", "Current Stable Release", "Supported", "Obsolete", "Future",
        }));
        foreach (var status in Enum.GetValues<SeriesStatus>())
            Assert.That(SeriesStatusTitles.Parse(status.ToTitle()), Is.EqualTo(status));
    }
}

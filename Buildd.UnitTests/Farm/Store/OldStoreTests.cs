using System.Globalization;
using System.IO.Compression;
using Buildd.Farm.Store;
using Buildd.Farm.Store.Sqlite;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Dapper;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Store;

/// <summary>
/// A store that the program of version 0.1.0-1 has made: it is opened, brought up to date, and everything is in it. The file is never
/// made anew.
/// </summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class OldStoreTests : IAsyncDisposable
{
    private readonly StoreBench _bench = new();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Test]
    public async Task Its_builders_have_all_that_was_said_of_them()
    {
        var builders = (await Open().Builders.ListAsync()).OrderBy(builder => builder.Name).ToList();

        Assert.That(
            builders.Select(builder => (builder.Name, builder.Url.AbsoluteUri)),
            Is.EqualTo(new[] { ("bob", "http://bob.example:8221/"), ("eve", "http://eve.example:8221/") }));
        var eve = builders[1];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(eve.Processors, Is.EqualTo(new[] { "amd64", "i386" }));
            Assert.That((eve.Virtualized, eve.VmHost, eve.VmResetProtocol), Is.EqualTo((true, "vm7", VmResetProtocol.Triggered)));
            Assert.That(eve.Manual, Is.True);
            Assert.That(eve.OpenResources, Is.EqualTo(new[] { "gpu" }));
            Assert.That(eve.RestrictedResources, Is.EqualTo(new[] { "large" }));
        }
    }

    [Test]
    public async Task Its_builds_are_there_with_what_they_were_asked_for()
    {
        var store = Open();

        var builds = (await store.Builds.ListAsync(new BuildFilter())).OrderBy(build => build.Id).ToList();

        Assert.That(builds.Select(build => (build.Cookie.ToString(), build.State)), Is.EqualTo(new[]
        {
            ("PACKAGEBUILD-1", BuildState.NeedsBuild), ("PACKAGEBUILD-2", BuildState.Cancelled),
            ("LIVEFSBUILD-3", BuildState.NeedsBuild), ("PACKAGEBUILD-4", BuildState.NeedsBuild),
        }));
        using (Assert.EnterMultipleScope())
        {
            Assert.That((builds[1].Score, builds[1].ScoredByHand), Is.EqualTo((77, false)));
            Assert.That(builds[2].Title, Is.EqualTo("amd64 build of demo in debian bookworm RELEASE"));
            Assert.That(builds[3].Owner, Is.EqualTo("ada"));
            Assert.That(builds[3].Resources, Is.EqualTo(new[] { "large" }));
            Assert.That(builds[3].Created.UtcDateTime.ToString("s", CultureInfo.InvariantCulture), Is.EqualTo("2026-11-30T05:18:29"));
            foreach (var build in builds)
                Assert.That((await store.Builds.FindSpecificationAsync(build.Id))!.Value.Length, Is.GreaterThan(10), $"{build}");
        }
    }

    [Test]
    public async Task It_goes_on_where_it_was()
    {
        var store = Open();

        var added = (
            await store.Builds.AddAsync(
                [new NewBuild { JobType = "PACKAGEBUILD", Manager = "binarypackage", Title = "next", Specification = "{}"u8.ToArray() }]))
                    .Single();

        Assert.That(added.Id, Is.EqualTo(5));
        Assert.That(await store.ReadAsync(connection => connection.ExecuteScalarAsync<int>("SELECT user_version FROM pragma_user_version"),
            default),
            Is.EqualTo(Migration.Read("sqlite")[^1].Number));
        Assert.That(
            await store.ReadAsync(
                connection =>
                    connection.ExecuteScalarAsync<string>("SELECT integrity_check FROM pragma_integrity_check"), default),
                Is.EqualTo("ok"));
    }

    private SqliteStore Open()
    {
        using (
            var packed = new GZipStream(
                File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Data", "Store", "farm-0.1.0-1.sqlite.gz")),
                CompressionMode.Decompress))
        using (var file = File.Create(_bench.Path))
            packed.CopyTo(file);
        return _bench.Open();
    }
}

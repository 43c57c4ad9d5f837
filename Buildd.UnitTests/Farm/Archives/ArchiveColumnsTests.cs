using System.Reflection;
using Buildd.Farm.Archives;
using Buildd.Farm.Distributions;
using Buildd.Farm.Store;
using Buildd.UnitTests.Farm.Store;
using Dapper;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Archives;

/// <summary>The columns of distributions and archives agree with the migrations of each engine and with the records.</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.Postgresql)]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class ArchiveColumnsTests(Engine engine) : IAsyncDisposable
{
    private readonly EngineBench _bench = new(engine);

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Test]
    public Task Of_distributions() => AssertAsync("distribution", DistributionColumns.All);

    [Test]
    public Task Of_series() => AssertAsync("series", SeriesColumns.All);

    [Test]
    public Task Of_architectures() => AssertAsync("architecture", ArchitectureColumns.All);

    [Test]
    public Task Of_archives() => AssertAsync("archive", ArchiveColumns.All);

    [Test]
    public Task Of_dependencies() => AssertAsync("archive_dependency", ArchiveDependencyColumns.All);

    [Test]
    public async Task Everything_of_an_archive_comes_back()
    {
        var cast = await ArchiveCast.CreateAsync(_bench.Open());
        var archive = cast.New("open", "tools") with
        {
            Description = "two\nlines \u00e4 \U0001F600 'of' \"it\"",
            IsPrivate = true,
            Enabled = false,
            RequireVirtualized = false,
            RelativeScore = -7,
            AllowRebuilds = true,
            Components = ["main", "contrib+x"],
            Architectures = ["amd64"],
            Url = "http://a.example/",
            ExternalLines = ["deb http://b.example/ %(series)s main"],
            SigningKey = new string('A', 40),
            Publication = "reprepro /srv/a",
        };
        var added = await cast.Records.Archives.AddAsync(EngineBench.Local, archive, default);
        await cast.AddAsync("open", "more");
        await cast.Records.Archives.ChangeAsync(
            EngineBench.Local,
            "~open/debian/more",
            _ => archive with { Id = added.Archive.Id + 1, Name = "more", Publication = "reprepro /srv/b" },
            default);

        foreach (var (name, expected) in ((string, Archive)[])
            [("tools", archive with { Id = added.Archive.Id }),
                ("more", archive with { Id = added.Archive.Id + 1, Name = "more", Publication = "reprepro /srv/b" })])
        {
            var found = (await cast.Records.Archives.GetAsync(EngineBench.Local, $"~open/debian/{name}", default)).Archive;
            foreach (var property in ArchiveColumns.All.Select(column => typeof(Archive).GetProperty(column.Property)!))
                Assert.That(property.GetValue(found), Is.EqualTo(property.GetValue(expected)), property.Name);
        }
    }

    private async Task AssertAsync<T>(string table, IReadOnlyList<Column<T>> columns)
    {
        var store = _bench.OpenStore();
        var stored = await store.ReadAsync(connection => connection.QueryAsync<(string, string, bool)>(
            engine == Engine.Sqlite
                ? """SELECT name, type, NOT ("notnull" OR (pk > 0 AND type = 'INTEGER')) FROM pragma_table_info(@table)"""
                : """
                  SELECT column_name, upper(data_type), is_nullable = 'YES' FROM information_schema.columns
                  WHERE table_schema = current_schema() AND table_name = @table
                  """,
            new { table }), default);
        var properties = typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(stored, Is.EquivalentTo(columns.Select(
                column => (column.Name, store.Dialect.TypeName(column.Type).Replace(" COLLATE \"C\"", ""), column.IsNullable))));
            Assert.That(columns.Select(column => column.Property), Is.EquivalentTo(properties.Select(property => property.Name)));
        }
    }
}

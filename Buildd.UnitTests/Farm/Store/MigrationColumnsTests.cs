using System.Reflection;
using Buildd.Farm.Archives;
using Buildd.Farm.Audit;
using Buildd.Farm.Builds;
using Buildd.Farm.Distributions;
using Buildd.Farm.LiveFilesystems;
using Buildd.Farm.People;
using Buildd.Farm.Store;
using Dapper;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Store;

/// <summary>The migrations of each engine give tables the columns that the records have.</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.Postgresql)]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class MigrationColumnsTests(Engine engine) : IAsyncDisposable
{
    /// <summary>A number that is the key has no NULL, and SQLite doesn't say so.</summary>
    private const string OfSqlite =
        "SELECT name, type, NOT (\"notnull\" OR (pk > 0 AND type = 'INTEGER')) FROM pragma_table_info(@name)";

    private const string OfPostgresql =
        """
        SELECT column_name, upper(data_type) || CASE collation_name WHEN 'C' THEN ' COLLATE "C"' ELSE '' END, is_nullable = 'YES'
        FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = @name
        """;

    private readonly EngineBench _bench = new(engine);

    private static IEnumerable<TestCaseData> Tables =>
    [
        Table("build", BuildColumns.All, new Shape("unique_key", ColumnType.Text, IsNullable: true)),
        Table("builder", BuilderColumns.All),
        Table("chroot", ChrootColumns.All),
        Table("person", PersonColumns.All),
        Table("address", MailAddressColumns.All),
        Table("membership", MembershipColumns.All),
        Table("token", TokenColumns.All, new Shape("digest", ColumnType.Text, IsNullable: false)), // in no record, so in no listing
        Table("audit", AuditColumns.All),
        Table("distribution", DistributionColumns.All),
        Table("series", SeriesColumns.All),
        Table("architecture", ArchitectureColumns.All),
        Table("archive", ArchiveColumns.All),
        Table("archive_dependency", ArchiveDependencyColumns.All),
        Table("livefs", LiveFsColumns.All),
        Table("request", RequestColumns.All),
    ];

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [TestCaseSource(nameof(Tables))]
    public async Task Migrations_give_a_table_the_columns_that_we_use(string table, IReadOnlyList<object> shapes, Type record)
    {
        var store = _bench.OpenStore();

        var columns = await store.WriteAsync(
            connection => connection.QueryAsync<(string, string, bool)>(
                engine == Engine.Sqlite ? OfSqlite : OfPostgresql, new { name = table }),
            default);

        Assert.That(columns, Is.Not.Empty, $"there is no table of a {record.Name}");
        Assert.That(columns, Is.EquivalentTo(
            shapes.Cast<Shape>().Select(shape => (shape.Name, store.Dialect.TypeName(shape.Type), shape.IsNullable))));
    }

    [TestCaseSource(nameof(Tables))]
    public void Each_property_that_is_set_has_a_column(string table, IReadOnlyList<object> shapes, Type record) => Assert.That(
        shapes.Cast<Shape>().Select(shape => shape.Property).OfType<string>(),
        Is.EquivalentTo(record.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite)
            .Select(property => property.Name)),
        table);

    private static TestCaseData Table<T>(string name, IReadOnlyList<Column<T>> columns, params Shape[] more)
    {
        object[] shapes = [.. columns.Select(column => new Shape(column.Name, column.Type, column.IsNullable, column.Property)), .. more];
        return new TestCaseData(name, shapes, typeof(T)).SetArgDisplayNames(name);
    }

    /// <summary>A column.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Type">What is stored.</param>
    /// <param name="IsNullable">Whether there can be no value.</param>
    /// <param name="Property">The record's property; null for a column that is of no record.</param>
    private sealed record Shape(string Name, ColumnType Type, bool IsNullable, string? Property = null);
}

using Buildd.Farm.Store;
using Buildd.Farm.Store.Sqlite;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Store;

/// <summary>Columns are written once, and what can't come from them agrees with them: migrations, records, another engine's SQL.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class ColumnsTests : IAsyncDisposable
{
    private readonly StoreBench _bench = new();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Test]
    public async Task Everything_that_changes_of_a_build_comes_back()
    {
        var builds = _bench.Open().Builds;
        var build = (await builds.AddAsync([new NewBuild { JobType = "PACKAGEBUILD", Title = "a build" }])).Single();
        var changed = RecordSamples.Fill(BuildColumns.All, build);

        var stored = (await builds.TryReplaceAsync([changed])).Single();

        RecordSamples.AssertSame(BuildColumns.All, await builds.FindAsync(build.Id), changed with { Revision = stored!.Revision });
    }

    [Test]
    public async Task Everything_of_a_builder_comes_back([Values] bool replaces)
    {
        var builders = _bench.Open().Builders;
        var plain = new Builder { Name = "bob", Url = new Uri("http://bob.example:8221/") };
        var added = await builders.TryAddAsync(replaces ? plain : RecordSamples.Fill(BuilderColumns.All, plain));
        var stored = replaces ? (await builders.TryReplaceAsync([RecordSamples.Fill(BuilderColumns.All, added!)])).Single() : added;

        var expected = RecordSamples.Fill(BuilderColumns.All, plain) with { Revision = stored!.Revision };
        RecordSamples.AssertSame(BuilderColumns.All, await builders.FindAsync("bob"), expected);
    }

    [Test]
    public void Statements_name_their_columns_and_parameters()
    {
        var table = new Table<ChrootRecord>("chroot", SqliteDialect.Instance, ChrootColumns.All);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(table.Insert(["added"], "more"), Is.EqualTo(
                """INSERT INTO "chroot" ("series", "arch_tag", "name", "sha1", "size", "more") """
                + "VALUES (@series, @arch_tag, @name, @sha1, @size, @more)"));
            Assert.That(table.Replace("series"), Is.EqualTo(
                """UPDATE "chroot" SET "revision" = @new_revision, "name" = @name, "sha1" = @sha1, "size" = @size, "added" = @added """
                + """WHERE "series" = @series AND "revision" = @revision"""));
            Assert.That(table.InsertOrUpdate("series"), Does.EndWith(
                """ON CONFLICT ("series") DO UPDATE SET "name" = excluded."name", "sha1" = excluded."sha1", """
                + "\"size\" = excluded.\"size\", \"added\" = excluded.\"added\""));
        }
    }

    [Test]
    public void Another_engine_needs_a_dialect_and_no_other_columns()
    {
        var table = new Table<ChrootRecord>("chroot", new OtherDialect(), ChrootColumns.All);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                table.Insert(["sha1", "size", "added"]),
                Is.EqualTo("INSERT INTO [chroot] ([series], [arch_tag], [name]) VALUES (:series, :arch_tag, :name)"));
            Assert.That(table.InsertUnlessThere("series"), Is.EqualTo("MERGE"));
        }
    }

    [Test]
    public async Task A_statement_with_more_parameters_than_the_engine_takes_is_refused() =>
        Assert.That(
            async () => await _bench.Open().WriteAsync(
                connection =>
                {
                    var table = new Table<ChrootRecord>("chroot", new OtherDialect(), ChrootColumns.All);
                    return Task.FromResult(table.PrepareInsert(connection, table.Insert([]), except: []));
                },
                default),
            Throws.ArgumentException.With.Message.Contains("6 parameters, and can have 3"));

    private sealed class OtherDialect : Dialect
    {
        internal override string Name => "other";

        internal override int MaxParameters => 3;

        internal override string Quote(string name) => $"[{name}]";

        internal override string Parameter(string name) => ":" + name;

        internal override string List(string parameter) => $"(UNNEST {parameter})";

        internal override object ListValue(IReadOnlyCollection<long> numbers) => numbers;

        internal override string TypeName(ColumnType type) => "any";

        internal override string UnlessThere(string insert, IReadOnlyList<string> key) => "MERGE";
    }
}

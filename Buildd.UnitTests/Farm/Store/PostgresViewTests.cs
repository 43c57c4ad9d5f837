using Buildd.Farm.Store;
using Buildd.Farm.Store.Postgresql;
using Dapper;
using Npgsql;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Store;

public sealed class PostgresViewTests : StoreViewContract, IAsyncDisposable
{
    private readonly PostgresBench _bench = new();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Test]
    public async Task An_empty_database_stays_empty()
    {
        await using (var view = await ViewAsync())
        {
            Assert.That((view.Version, await view.FindMistakesAsync()), Is.EqualTo((0, Array.Empty<string>())));
            Assert.That(await view.CountAsync(), Is.Empty);
        }

        await using var again = await ViewAsync();
        Assert.That(again.Version, Is.Zero);
    }

    [Test]
    public async Task A_number_that_would_be_given_again_and_a_key_that_nobody_checked_are_said()
    {
        var store = _bench.Open();
        await store.Builds.AddAsync([new() { JobType = "PACKAGEBUILD", Title = "one" }]);
        await store.WriteAsync(
            connection => connection.ExecuteAsync(
                "SELECT setval(pg_get_serial_sequence('build', 'id'), 1, false); "
                    + "ALTER TABLE build ADD CONSTRAINT odd CHECK (id > 7) NOT VALID"), default);

        await using var view = await ViewAsync();

        Assert.That(await view.FindMistakesAsync(), Is.EquivalentTo(new[]
        {
            "the constraint odd was never checked for the rows that were there: VALIDATE CONSTRAINT does it",
            "1 rows of the table build have a number that build_id_seq will give again",
        }));
    }

    private protected override FarmStore Open() => _bench.Open();

    private protected override async Task<StoreView> ViewAsync() => await PostgresView.OpenAsync(_bench.ConnectionString, default);

    private protected override async Task WithoutKeysAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_bench.ConnectionString);
        await connection.ExecuteAsync($"SET session_replication_role = replica; {sql}");
    }

    private protected override int Newest => Migration.Read("postgresql").Count;
}

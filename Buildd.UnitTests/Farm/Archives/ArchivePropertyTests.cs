using Buildd.Farm;
using Buildd.Farm.Archives;
using Buildd.Farm.People;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using Buildd.UnitTests.Farm.Distributions;
using Buildd.UnitTests.Farm.People;
using Buildd.UnitTests.Farm.Store;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Archives;

/// <summary>Whoever is in which team and whatever is private: a listing has exactly what the check of each archive allows.</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.Postgresql)]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class ArchivePropertyTests(Engine engine) : IAsyncDisposable
{
    private const int People = 8;
    private const int Teams = 6;
    private const int Archives = 25;

    private static readonly Right<Archive>[] Rights =
        [ArchiveRights.View, ArchiveRights.Edit, ArchiveRights.Moderate, ArchiveRights.Administer];

    private readonly EngineBench _bench = new(engine);

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Test]
    public async Task Listings_and_checks_agree([Values(1, 2, 3, 4)] int seed)
    {
        var random = new Random(seed);
        var store = _bench.OpenStore();
        var records = new FarmRecords(store);
        var actors = await MakeFarmAsync(records, random);
        var table = new Table<Archive>("archive", store.Dialect, ArchiveColumns.All);
        var all = await store.ReadAsync(connection => table.QueryAsync(connection, (Sql)$"ORDER BY archive.id"), default);

        using (Assert.EnterMultipleScope())
        {
            foreach (var actor in actors)
            {
                foreach (var right in Rights)
                {
                    var rows = await store.ReadAsync(
                        connection => table.QueryAsync(connection, $"WHERE {right.For(actor)} ORDER BY archive.id"), default);
                    Assert.That(
                        rows.Select(archive => archive.Id),
                        Is.EqualTo(all.Where(archive => right.Allows(actor, archive)).Select(archive => archive.Id)),
                        $"seed {seed}: {actor.Name} ({actor.Level}) to {right.Doing}");
                }

                var seen = all.Where(archive => ArchiveRights.View.Allows(actor, archive)).Select(archive => archive.Id).ToList();
                var filter = new ArchiveFilter { Count = ArchiveFilter.MaxCount };
                var listed = await records.Archives.ListAsync(actor, filter, default);
                Assert.That(listed.Select(one => one.Archive.Id), Is.EqualTo(seen), $"seed {seed}: {actor.Name} lists");
                Assert.That(await records.Archives.CountAsync(actor, filter, default), Is.EqualTo(seen.Count));
            }
        }
    }

    /// <summary>People in teams in teams, with some in those of roles, and archives of all of them.</summary>
    /// <returns>Everybody, with tokens of each level, nobody and the machine's administrator.</returns>
    private static async Task<List<Actor>> MakeFarmAsync(FarmRecords records, Random random)
    {
        var debian = await records.AddDebianAsync();
        var owners = new List<Person>();
        for (var i = 0; i < People; i++)
            owners.Add(await records.AddPersonAsync($"person{i}"));
        for (var i = 0; i < Teams; i++)
        {
            var team = await records.AddTeamAsync($"team{i}", owners[random.Next(People)], isPrivate: random.Next(3) == 0);
            foreach (var member in random.GetItems(owners.ToArray(), 3).Distinct()) // older teams alone, so that there are no circles
                await records.JoinAsync(team.Name, member.Name, Pick(random, [MembershipState.Approved, MembershipState.Administrator]));
            if (random.Next(3) == 0)
                await records.JoinAsync(team.Name, owners.Find(owner => owner.Id == team.Owner)!.Name, MembershipState.Deactivated);
            owners.Add(team);
        }

        foreach (var role in Enum.GetValues<Role>())
            await records.JoinAsync(role.ToName(), owners[random.Next(owners.Count)].Name);
        for (var i = 0; i < Archives; i++)
        {
            await records.Archives.AddAsync(
                EngineBench.Local,
                new Archive
                {
                    Owner = owners[random.Next(owners.Count)].Id,
                    Distribution = debian.Id,
                    Name = i == 0 ? Archive.PrimaryName : $"archive{i}",
                    Purpose = i == 0 ? ArchivePurpose.Primary : Pick(random, [ArchivePurpose.Ppa, ArchivePurpose.Copy]),
                    DisplayName = "x",
                    IsPrivate = random.Next(2) == 0,
                    Created = DateTimeOffset.UnixEpoch,
                },
                default);
        }

        var actors = new List<Actor> { EngineBench.Local, Actor.Anonymous("test") };
        for (var i = 0; i < People; i++)
        {
            var actor = await records.Actors.FindAsync($"person{i}", "test", default);
            actors.AddRange(Enum.GetValues<AccessLevel>().Select(level => actor with { Level = level }));
        }

        return actors;
    }

    private static T Pick<T>(Random random, T[] from) => from[random.Next(from.Length)];
}

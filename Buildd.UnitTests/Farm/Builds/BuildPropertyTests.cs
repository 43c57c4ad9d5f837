using Buildd.Farm;
using Buildd.Farm.Archives;
using Buildd.Farm.Builds;
using Buildd.Farm.LiveFilesystems;
using Buildd.Farm.Rights;
using Buildd.Farm.Settings;
using Buildd.Testing.Runs;
using Buildd.UnitTests.Farm.Distributions;
using Buildd.UnitTests.Farm.LiveFilesystems;
using Buildd.UnitTests.Farm.People;
using Buildd.UnitTests.Farm.Store;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Builds;

/// <summary>In any farm, listings of live filesystems and builds have exactly what single checks allow.</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.Postgresql)]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(3_600_000)]
public sealed class BuildPropertyTests(Engine engine)
{
    /// <summary>Rows of requests, with the number that the assertion looks at.</summary>
    private const string Requests = "(SELECT build AS id, request.* FROM request) AS request";

    [Test]
    [Category(LongRun.Category)]
    public async Task Listings_of_live_filesystems_and_builds_show_what_the_rights_allow()
    {
        using var run = LongRun.Begin($"rights of builds on {engine}", sample: 1, full: 20);
        foreach (var round in run.EachRound())
        {
            await using var bench = new EngineBench(engine);
            var farm = await RandomFarm.MakeAsync(run.Random, bench);
            await farm.Records.AddDebianAsync();
            await farm.Records.Settings.SetAsync(EngineBench.Local, KnownSettings.AllowNewLiveFilesystems, "yes", default);
            var archives = await AddArchivesAsync(farm);
            var livefses = await AddLiveFilesystemsAsync(farm);
            var builds = await RequestAsync(farm, archives, livefses);

            run.Count("seen", await farm.AssertRightAsync(LiveFsRights.View, "livefs", livefses, one => one.Id, SeesLiveFs));
            await farm.AssertRightAsync(LiveFsRights.Edit, "livefs", livefses, one => one.Id, EditsLiveFs);
            run.Count("builds seen", await farm.AssertRightAsync(BuildRights.View, Requests, builds, one => one.Build.Id, Sees));
            run.Count("builds changed", await farm.AssertRightAsync(BuildRights.Edit, Requests, builds, one => one.Build.Id, Edits));
            await farm.AssertRightAsync(
                BuildRights.Administer,
                Requests,
                builds,
                one => one.Build.Id,
                (asker, build) => asker.MayChange && Sees(asker, build) && farm.Has(asker, Role.BuildFarmAdministrator));
            foreach (var asker in farm.Askers)
            {
                var listed = await farm.Records.Requests.ListAsync(asker.Actor, new RequestFilter { Count = 1000 }, default);
                Assert.That(
                    listed.Select(one => one.Build.Id),
                    Is.EqualTo(builds.Where(one => Sees(asker, one)).Select(one => one.Build.Id).OrderDescending()), $"builds: {asker}");
            }

            bool SeesOwn(Asker asker, bool isPrivate, long owner) => !isPrivate
                || (asker.SeesPrivate && (farm.IsIn(asker, owner) || farm.Has(asker, Role.ArchiveAdministrator)));

            bool SeesLiveFs(Asker asker, LiveFs one) => SeesOwn(asker, one.IsPrivate, one.Owner);

            bool EditsLiveFs(Asker asker, LiveFs one) => asker.MayChange && SeesLiveFs(asker, one)
                && (farm.IsIn(asker, one.Owner) || farm.Has(asker, Role.ArchiveAdministrator));

            bool Sees(Asker asker, FarmBuild one) =>
                SeesLiveFs(asker, one.LiveFs!) && SeesOwn(asker, one.Archive.IsPrivate, one.Archive.Owner);

            bool Edits(Asker asker, FarmBuild one) => asker.MayChange && Sees(asker, one)
                && (EditsLiveFs(asker, one.LiveFs!) || farm.Has(asker, Role.BuildFarmAdministrator)
                    || (one.Request.Requester is { } requester && requester == asker.Person?.Id));
        }
    }

    private static async Task<List<NamedArchive>> AddArchivesAsync(RandomFarm farm)
    {
        var debian = await farm.Records.Distributions.GetAsync("debian", default);
        var all = new List<NamedArchive>();
        for (var i = 0; i < 6; i++)
        {
            all.Add(await farm.Records.Archives.AddAsync(
                EngineBench.Local,
                new Archive
                {
                    Owner = farm.RandomOwner().Id,
                    Distribution = debian.Id,
                    Name = i == 0 ? Archive.PrimaryName : $"ppa{i}",
                    Purpose = i == 0 ? ArchivePurpose.Primary : ArchivePurpose.Ppa,
                    DisplayName = $"archive {i}",
                    Created = DateTimeOffset.UnixEpoch,
                },
                default));
        }

        return all;
    }

    private static async Task<List<LiveFs>> AddLiveFilesystemsAsync(RandomFarm farm)
    {
        var all = new List<LiveFs>();
        for (var i = 0; i < 8; i++)
            all.Add(await farm.Records.AddLiveFsAsync(farm.RandomOwner().Name, $"image{i}"));
        return all;
    }

    /// <summary>Requests by whoever may; a request that the rules refuse is none.</summary>
    private static async Task<List<FarmBuild>> RequestAsync(
        RandomFarm farm, IReadOnlyList<NamedArchive> archives, IReadOnlyList<LiveFs> livefses)
    {
        var all = new List<FarmBuild>();
        foreach (var livefs in livefses)
        {
            foreach (var archive in archives)
            {
                var asker = farm.Askers[farm.Random.Next(farm.Askers.Count)];
                foreach (var actor in (Actor[])[asker.Actor, EngineBench.Local])
                {
                    try
                    {
                        all.Add(await farm.Records.RequestAsync(livefs, request => request with { Archive = archive.Name }, actor));
                    }
                    catch (FarmException)
                    {
                    }
                }
            }
        }

        return all;
    }
}

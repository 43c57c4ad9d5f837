using Buildd.Farm;
using Buildd.Farm.Archives;
using Buildd.Farm.Builds;
using Buildd.Farm.LiveFilesystems;
using Buildd.Farm.Settings;
using Buildd.Master.Builds;
using Buildd.UnitTests.Farm.Archives;
using Buildd.UnitTests.Farm.LiveFilesystems;
using Buildd.UnitTests.Farm.Store;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Builds;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.Postgresql)]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class LiveFsRequestsTests(Engine engine) : IAsyncDisposable
{
    private readonly EngineBench _bench = new(engine);
    private ArchiveCast _cast = null!;
    private LiveFs _livefs = null!;

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [SetUp]
    public async Task SetUpAsync()
    {
        _cast = await LiveFsCast.CreateAsync(_bench.Open());
        _livefs = await _cast.Records.AddLiveFsAsync("open", metadata: """{"project":"kiosk"}""");
    }

    [Test]
    public async Task A_request_is_a_build_that_waits()
    {
        var member = _cast.Actors["member"];

        var asked = await _cast.Records.RequestAsync(
            _livefs, request => request with { UniqueKey = "small", Pocket = Pocket.Proposed }, member);

        var build = asked.Build;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((await _cast.Records.Requests.FindAsync(member, build.Id, default))?.Build.Title, Is.EqualTo(build.Title));
            Assert.That((build.State, build.Queue), Is.EqualTo((BuildState.NeedsBuild, QueueState.Waiting)));
            Assert.That(build.Title, Is.EqualTo("amd64 build of desktop (small) in debian bookworm PROPOSED"));
            Assert.That((build.JobType, build.Manager, build.Processor), Is.EqualTo(("LIVEFSBUILD", "livefs", "amd64")));
            Assert.That(build.Virtualized, Is.True);
            Assert.That(build.EstimatedDuration, Is.EqualTo(TimeSpan.FromMinutes(30)));
            Assert.That(asked.Request.Requester, Is.EqualTo(member.PersonId));
            Assert.That(asked.Request.Version, Is.EqualTo(build.Created.ToString("yyyyMMdd-HHmmss", null)));
            Assert.That((asked.CanBeCancelled, asked.CanBeRescored, asked.CanBeRetried), Is.EqualTo((true, true, false)));
        }
    }

    [Test]
    public async Task The_score_is_that_of_a_package_with_what_archive_and_livefs_add()
    {
        await _cast.Records.Archives.ChangeAsync(
            EngineBench.Local, "~open/debian/tools", archive => archive with { RelativeScore = 100 }, default);
        await _cast.Records.LiveFilesystems.ChangeAsync(EngineBench.Local, _livefs.Id, one => one with { RelativeScore = -20 }, default);

        var primary = await _cast.Records.RequestAsync(_livefs);
        var ppa = await _cast.Records.RequestAsync(_livefs, request => request with { Archive = "~open/debian/tools" });

        Assert.That((primary.Score, ppa.Score), Is.EqualTo((2490, 2590)));
    }

    [Test]
    public async Task An_identical_request_is_refused_while_one_waits_and_the_error_names_it()
    {
        var first = await _cast.Records.RequestAsync(_livefs, request => request with { MetadataOverride = """{"a":1,"b":[2]}""" });

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                async () => await _cast.Records.RequestAsync(
                    _livefs, request => request with { MetadataOverride = """{ "b": [2.0], "a": 1 }""", Version = "another" }),
                Throws.TypeOf<FarmException>().With.Message.EqualTo(
                    $"An identical build of this live filesystem image is already pending.\n{first.Build.Cookie} waits."));
        }

        Assert.That(await CountAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task Other_requests_are_no_duplicates()
    {
        await _cast.Records.RequestAsync(_livefs);

        await _cast.Records.RequestAsync(_livefs, request => request with { Archive = "~open/debian/tools" });
        await _cast.Records.RequestAsync(_livefs, request => request with { Architecture = "arm64" });
        await _cast.Records.RequestAsync(_livefs, request => request with { Pocket = Pocket.Updates });
        await _cast.Records.RequestAsync(_livefs, request => request with { UniqueKey = "small" });
        await _cast.Records.RequestAsync(_livefs, request => request with { MetadataOverride = """{"a":1}""" });
        await _cast.Records.RequestAsync(await _cast.Records.AddLiveFsAsync("open", "server"));

        Assert.That(await CountAsync(), Is.EqualTo(7));
    }

    [Test]
    public async Task The_same_may_be_asked_for_again_once_the_first_has_begun()
    {
        var first = await _cast.Records.RequestAsync(_livefs);
        await _bench.OpenStore().Builds.TryReplaceAsync([first.Build.Dispatched("bob", DateTimeOffset.UtcNow)]);

        await _cast.Records.RequestAsync(_livefs);

        Assert.That(await CountAsync(), Is.EqualTo(2));
    }

    [Test]
    public async Task One_of_twenty_who_ask_at_once_gets_a_build()
    {
        var farms = Enumerable.Range(0, 4).Select(_ => _bench.Open()).ToList();

        var asked = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            try
            {
                await farms[i % farms.Count].RequestAsync(_livefs);
                return "made";
            }
            catch (FarmException exception)
            {
                return exception.Message.Split('\n')[0];
            }
        }));

        Assert.That(asked.GroupBy(one => one).ToDictionary(group => group.Key, group => group.Count()), Is.EqualTo(
            new Dictionary<string, int> { ["made"] = 1, [LiveFsRequests.IsPending] = 19 }));
    }

    [TestCase("stranger", "stranger is not a member of open.")]
    [TestCase("anonymous", "anonymous is not a member of open.")]
    [TestCase("buildd-admin", "builds is not a member of open.")]
    [TestCase("member's reading token", "member is not a member of open.")]
    public void A_stranger_asks_for_nothing(string who, string because) => Assert.That(
        async () => await _cast.Records.RequestAsync(_livefs, actor: _cast.Actors[who]),
        Throws.TypeOf<FarmException>().With.Message.EqualTo(because)
            .And.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.NotAllowed));

    [Test]
    public async Task Nobody_asks_while_the_feature_is_off()
    {
        await _cast.Records.Settings.SetAsync(EngineBench.Local, KnownSettings.AllowNewLiveFilesystems, "no", default);

        Assert.That(
            async () => await _cast.Records.RequestAsync(_livefs, actor: _cast.Actors["member"]),
            Throws.TypeOf<FarmException>().With.Message.EqualTo(LiveFsRecords.IsDisabled));
    }

    [Test]
    public async Task Nothing_is_built_from_a_disabled_archive_or_one_of_others_that_is_private()
    {
        await _cast.Records.Archives.ChangeAsync(
            EngineBench.Local, "~open/debian/tools", archive => archive with { Enabled = false, DisplayName = "Tools" }, default);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                async () => await _cast.Records.RequestAsync(_livefs, request => request with { Archive = "~open/debian/tools" }),
                Throws.TypeOf<FarmException>().With.Message.EqualTo("Tools is disabled."));
            Assert.That(
                async () => await _cast.Records.RequestAsync(_livefs, request => request with { Archive = "~secret/debian/own" }),
                Throws.TypeOf<FarmException>().With.Message.Contains("only allowed if the live filesystem owner and the archive"));
            Assert.That(
                async () => await _cast.Records.RequestAsync(
                    _livefs, request => request with { Archive = "~secret/debian/own" }, _cast.Actors["buildd-admin"]),
                Throws.TypeOf<FarmException>(), "who is told nothing of it");
        }
    }

    [Test]
    public async Task Nothing_is_built_for_an_architecture_that_the_archive_is_not_for()
    {
        await _cast.Records.Archives.ChangeAsync(
            EngineBench.Local, "~open/debian/tools", archive => archive with { Architectures = ["arm64"], DisplayName = "Tools" }, default);

        Assert.That(
            async () => await _cast.Records.RequestAsync(_livefs, request => request with { Archive = "~open/debian/tools" }),
            Throws.TypeOf<FarmException>().With.Message.EqualTo("Tools is not for amd64"));
    }

    [Test]
    public async Task The_lines_that_an_attempt_got_stay_whatever_comes_after()
    {
        var asked = await _cast.Records.RequestAsync(_livefs);
        var first = asked.Build.Dispatched("bob", DateTimeOffset.UtcNow);

        await _cast.Records.Requests.SetAptLinesAsync(first, ["deb http://a/ b c"], default);
        await _cast.Records.Requests.SetAptLinesAsync(first, ["deb http://of-later/ b c"], default);
        Assert.That((await FindAsync(asked)).AptLines, Is.EqualTo(new[] { "deb http://a/ b c" }), "a master started anew");

        await _cast.Records.Requests.SetAptLinesAsync(first with { Attempt = 2 }, ["deb http://of-later/ b c"], default);
        Assert.That((await FindAsync(asked)).AptLines, Is.EqualTo(new[] { "deb http://of-later/ b c" }), "another attempt");
    }

    [Test]
    public async Task Builds_in_no_archive_are_listed_to_those_who_look_after_the_farm()
    {
        var old = await _bench.OpenStore().Builds.AddAsync([new NewBuild { JobType = "PACKAGEBUILD", Title = "old" }]);

        using (Assert.EnterMultipleScope())
        {
            foreach (var (who, actor) in _cast.Actors)
            {
                Assert.That(
                    await _cast.Records.Requests.ThoseSeenAsync(actor, old, default),
                    who is "buildd-admin" or "admin" or "machine" ? Has.Count.EqualTo(1) : Is.Empty, who);
            }
        }
    }

    [TestCase("amd65", "bookworm has no architecture")]
    [TestCase("../amd64", "bookworm has no architecture")]
    public void There_is_an_architecture(string tag, string because) => Assert.That(
        async () => await _cast.Records.RequestAsync(_livefs, request => request with { Architecture = tag }),
        Throws.TypeOf<FarmException>().With.Message.Contains(because));

    [Test]
    public void What_goes_into_names_of_files_can_be_in_them([Values("../x", "", "a\nb")] string text)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                async () => await _cast.Records.RequestAsync(_livefs, request => request with { UniqueKey = text }),
                Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.Usage));
            Assert.That(
                async () => await _cast.Records.RequestAsync(_livefs, request => request with { Version = text }),
                Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.Usage));
        }
    }

    [Test]
    public async Task The_estimate_is_the_median_of_the_last_nine_good_builds()
    {
        var store = _bench.OpenStore();
        var now = DateTimeOffset.UtcNow;
        foreach (var minutes in (int[])[500, 9, 8, 7, 6, 5, 4, 3, 2, 1])
        {
            var asked = await _cast.Records.RequestAsync(_livefs);
            var built = (await store.Builds.TryReplaceAsync([asked.Build.Dispatched("bob", now)])).Single()!;
            var over = built.GatheringInto("leaf").HandedOver([], now + TimeSpan.FromMinutes(minutes));
            await store.Builds.TryReplaceAsync([over.Uploaded()]);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That((await _cast.Records.RequestAsync(_livefs)).Build.EstimatedDuration, Is.EqualTo(TimeSpan.FromMinutes(5)));
            Assert.That(
                (await _cast.Records.RequestAsync(_livefs, request => request with { Architecture = "arm64" })).Build.EstimatedDuration,
                Is.EqualTo(TimeSpan.FromMinutes(30)), "of which there is none");
        }
    }

    [Test]
    public async Task A_private_build_is_for_those_who_see_archive_and_livefs()
    {
        var hidden = await _cast.Records.AddLiveFsAsync("secret");
        var open = await _cast.Records.RequestAsync(_livefs);
        var shut = await _cast.Records.RequestAsync(hidden, request => request with { Archive = "~secret/debian/own" });
        var half = await _cast.Records.RequestAsync(hidden);

        using (Assert.EnterMultipleScope())
        {
            foreach (var (who, actor) in _cast.Actors)
            {
                var sees = who is "owner" or "member" or "team administrator" or "ppa-admin" or "admin" or "machine"
                    or "member's reading token";
                long[] expected = sees ? [half.Build.Id, shut.Build.Id, open.Build.Id] : [open.Build.Id];
                var listed = await _cast.Records.Requests.ListAsync(actor, new RequestFilter(), default);
                Assert.That(listed.Select(build => build.Build.Id), Is.EqualTo(expected), who);
                var seen = await _cast.Records.Requests.ThoseSeenAsync(actor, [half.Build, shut.Build, open.Build], default);
                Assert.That(seen.Select(build => build.Id), Is.EqualTo(expected), who);
                foreach (var build in (FarmBuild[])[open, shut, half])
                {
                    var found = await _cast.Records.Requests.FindAsync(actor, build.Build.Id, default);
                    Assert.That(found is not null, Is.EqualTo(expected.Contains(build.Build.Id)), $"{who}: {build.Build.Title}");
                }
            }
        }
    }

    private async Task<Request> FindAsync(FarmBuild asked) =>
        (await _cast.Records.Requests.FindAsync(EngineBench.Local, asked.Build.Id, default))!.Request;

    private async Task<int> CountAsync() =>
        (await _cast.Records.Requests.ListAsync(EngineBench.Local, new RequestFilter(), default)).Count;
}

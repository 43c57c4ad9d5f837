using Buildd.Farm;
using Buildd.Farm.Archives;
using Buildd.Farm.Audit;
using Buildd.UnitTests.Farm.Distributions;
using Buildd.UnitTests.Farm.Store;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Archives;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.Postgresql)]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class ArchiveRecordsTests(Engine engine) : IAsyncDisposable
{
    private readonly EngineBench _bench = new(engine);

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Test]
    public async Task An_archive_is_found_by_its_reference_by_aliases_and_by_former_names()
    {
        var cast = await CastAsync();
        var added = await cast.AddAsync("open", "tools");
        await cast.Records.People.ChangeAsync(EngineBench.Local, "open", team => team with { Name = "opened" }, default);

        foreach (var reference in (string[])["~opened/debian/tools", "~opened/deb/tools", "~open/debian/tools"])
        {
            var found = await cast.Records.Archives.FindAsync(cast.Actors["stranger"], reference, default);
            Assert.That((found?.Archive.Id, found?.Name), Is.EqualTo((added.Archive.Id, "~opened/debian/tools")), reference);
        }

        Assert.That(await cast.Records.Archives.FindAsync(EngineBench.Local, "~open/debian/too\0ls", default), Is.Null);
    }

    [TestCase("owner", true)]
    [TestCase("member", true)]
    [TestCase("team administrator", true)]
    [TestCase("ppa-admin", true)]
    [TestCase("admin", true)]
    [TestCase("machine", true)]
    [TestCase("buildd-admin", false)]
    [TestCase("stranger", false)]
    [TestCase("anonymous", false)]
    [TestCase("member's reading token", false)]
    public async Task Members_of_the_owner_make_a_PPA(string who, bool may)
    {
        var cast = await CastAsync();
        var adding = cast.Records.Archives.AddAsync(cast.Actors[who], cast.New("open", "tools"), default);

        if (may)
            Assert.That((await adding).Name, Is.EqualTo("~open/debian/tools"));
        else
            await RefusedAsync(adding, FarmExitCode.NotAllowed);
    }

    [Test]
    public async Task Administrators_alone_make_primary_and_copy_archives([Values] bool isCopy)
    {
        var cast = await CastAsync();
        var archive = isCopy
            ? cast.New("owner", "rebuild", ArchivePurpose.Copy)
            : cast.New("owner", Archive.PrimaryName, ArchivePurpose.Primary);

        foreach (var who in (string[])["owner", "ppa-admin", "buildd-admin"])
            await RefusedAsync(cast.Records.Archives.AddAsync(cast.Actors[who], archive, default), FarmExitCode.NotAllowed);
        Assert.That(
            (await cast.Records.Archives.AddAsync(cast.Actors["admin"], archive, default)).Name,
            Is.EqualTo(isCopy ? "debian/rebuild" : "debian"));
        await RefusedAsync(
            cast.Records.Archives.AddAsync(cast.Actors["admin"], archive with { Owner = cast.People["open"].Id }, default),
            FarmExitCode.Failed);
    }

    [Test]
    public async Task What_its_owner_may_not_change_they_may_not_say_of_a_new_one()
    {
        var cast = await CastAsync();
        var plain = cast.New("open", "tools");

        foreach (var archive in (Archive[])
            [plain with { IsPrivate = true }, plain with { RequireVirtualized = false }, plain with { RelativeScore = 1 },
                plain with { Url = "http://a.example/" }, plain with { ExternalLines = ["deb http://a.example/ sid main"] },
                plain with { SigningKey = new string('A', 40) }, plain with { Publication = "directory /srv/a" }])
        {
            await RefusedAsync(cast.Records.Archives.AddAsync(cast.Actors["member"], archive, default), FarmExitCode.NotAllowed);
        }

        await cast.Records.Archives.AddAsync(
            cast.Actors["member"],
            plain with { Description = "two\nlines", Enabled = false, AllowRebuilds = true, Components = ["main", "contrib"] },
            default);
    }

    [Test]
    public async Task What_a_private_team_owns_is_private_and_stays_so()
    {
        var cast = await CastAsync();

        var added = await cast.Records.Archives.AddAsync(cast.Actors["member"], cast.New("secret", "own"), default);

        Assert.That(added.Archive.IsPrivate);
        await RefusedAsync(
            cast.Records.Archives.ChangeAsync(EngineBench.Local, added.Name, archive => archive with { IsPrivate = false }, default),
            FarmExitCode.Failed);
        await cast.AddAsync("open", "tools");
        var given = await cast.Records.Archives.ChangeAsync(
            EngineBench.Local, "~open/debian/tools", archive => archive with { Owner = cast.People["secret"].Id }, default);
        Assert.That((given.Name, given.Archive.IsPrivate), Is.EqualTo(("~secret/debian/tools", true)));
    }

    [Test]
    public async Task A_team_that_becomes_private_takes_its_archives_along()
    {
        var cast = await CastAsync();
        await cast.AddAsync("open", "tools");

        await cast.Records.People.ChangeAsync(EngineBench.Local, "open", team => team with { IsPrivate = true }, default);

        Assert.That(await cast.Records.Archives.FindAsync(cast.Actors["stranger"], "~open/debian/tools", default), Is.Null);
    }

    [Test]
    public async Task A_name_is_one_archive_s_of_an_owner_also_when_many_ask_at_once()
    {
        var cast = await CastAsync();
        FarmRecords[] records = [cast.Records, _bench.Open(), _bench.Open()];

        var added = await Task.WhenAll(Enumerable.Range(0, 12).Select(async i =>
        {
            try
            {
                await records[i % records.Length].Archives.AddAsync(cast.Actors["member"], cast.New("open", "tools"), default);
                return 1;
            }
            catch (FarmException e)
            {
                Assert.That(e.ExitCode, Is.EqualTo(FarmExitCode.Failed));
                return 0;
            }
        }));

        Assert.That(added.Sum(), Is.EqualTo(1));
        Assert.That((await cast.AddAsync("owner", "tools")).Name, Is.EqualTo("~owner/debian/tools"));
    }

    [Test]
    public async Task A_listing_goes_on_after_its_last_archive_and_counts_what_is_seen()
    {
        var cast = await CastAsync();
        for (var i = 0; i < 7; i++)
            await cast.AddAsync("open", $"tools{i}", change: archive => archive with { IsPrivate = i % 2 == 1 });
        await cast.AddAsync("owner", "other");
        var filter = new ArchiveFilter { Owner = cast.People["open"].Id, Count = 2 };

        var seen = new List<string>();
        while (await cast.Records.Archives.ListAsync(cast.Actors["stranger"], filter, default) is { Count: > 0 } page)
        {
            seen.AddRange(page.Select(one => one.Archive.Name));
            filter = filter with { After = page[^1].Archive.Id };
        }

        Assert.That(seen, Is.EqualTo(new[] { "tools0", "tools2", "tools4", "tools6" }));
        Assert.That(await cast.Records.Archives.CountAsync(cast.Actors["stranger"], filter, default), Is.EqualTo(4));
        Assert.That(await cast.Records.Archives.CountAsync(cast.Actors["member"], filter, default), Is.EqualTo(7));
    }

    [Test]
    public async Task Filters_of_purpose_and_distribution_hold_together()
    {
        var cast = await CastAsync();
        var other = await cast.Records.Distributions.AddAsync(EngineBench.Local, DistributionCast.New("ubuntu"), default);
        await cast.AddAsync("owner", Archive.PrimaryName, ArchivePurpose.Primary);
        await cast.AddAsync("open", "tools");
        await cast.AddAsync("open", "elsewhere", change: archive => archive with { Distribution = other.Id });

        var found = await cast.Records.Archives.ListAsync(
            cast.Actors["stranger"], new ArchiveFilter { Distribution = cast.Debian.Id, Purpose = ArchivePurpose.Ppa }, default);

        Assert.That(found.Select(one => one.Name), Is.EqualTo(new[] { "~open/debian/tools" }));
    }

    [Test]
    public async Task Two_archives_are_not_published_in_one_folder()
    {
        var cast = await CastAsync();
        await cast.AddAsync("open", "tools", change: archive => archive with { Publication = "reprepro /srv/one" });
        await cast.AddAsync("open", "more");

        foreach (var publication in (string[])["reprepro /srv/one", "directory /srv/one"])
        {
            await RefusedAsync(
                cast.Records.Archives.ChangeAsync(
                    EngineBench.Local, "~open/debian/more", archive => archive with { Publication = publication }, default),
                FarmExitCode.Failed);
        }
    }

    [Test]
    public async Task An_owner_who_is_not_seen_is_not_there()
    {
        var cast = await CastAsync();

        var exception = await Assert.ThrowsAsync<FarmException>(
            () => cast.Records.Archives.AddAsync(cast.Actors["stranger"], cast.New("secret", "own"), default));
        var none = await Assert.ThrowsAsync<FarmException>(
            () => cast.Records.Archives.AddAsync(cast.Actors["stranger"], cast.New("secret", "own") with { Owner = 4711 }, default));

        Assert.That(
            exception!.Message.Replace(cast.People["secret"].Id.ToString(), "N"), Is.EqualTo(none!.Message.Replace("4711", "N")));
    }

    [Test]
    public async Task Changes_are_in_the_audit_under_the_reference()
    {
        var cast = await CastAsync();
        await cast.AddAsync("open", "tools");
        await cast.Records.Archives.ChangeAsync(
            cast.Actors["member"], "~open/debian/tools", archive => archive with { Components = ["main", "contrib"] }, default);

        var entry = (await cast.Records.Audit.ListAsync(EngineBench.Local, new AuditFilter { Kind = "archive" }, default))[0];

        Assert.That((entry.ActorName, entry.Action, entry.Subject), Is.EqualTo(("member", "changed", "~open/debian/tools")));
        Assert.That(entry.Changes, Is.EqualTo(new[] { new FieldChange("components", "[\"main\"]", "[\"main\",\"contrib\"]") }));
    }

    [Test]
    public async Task Its_name_distribution_and_purpose_stay()
    {
        var cast = await CastAsync();
        await cast.AddAsync("open", "tools");

        foreach (var change in (Func<Archive, Archive>[])
            [archive => archive with { Name = "other" }, archive => archive with { Distribution = 2 },
                archive => archive with { Purpose = ArchivePurpose.Copy }, archive => archive with { Id = 99 }])
        {
            await RefusedAsync(
                cast.Records.Archives.ChangeAsync(EngineBench.Local, "~open/debian/tools", change, default), FarmExitCode.Usage);
        }
    }

    private static async Task RefusedAsync<T>(Task<T> task, int code)
    {
        try
        {
            await task;
            Assert.Fail("it was not refused");
        }
        catch (FarmException e)
        {
            Assert.That(e.ExitCode, Is.EqualTo(code), e.Message);
        }
    }

    private Task<ArchiveCast> CastAsync() => ArchiveCast.CreateAsync(_bench.Open());
}

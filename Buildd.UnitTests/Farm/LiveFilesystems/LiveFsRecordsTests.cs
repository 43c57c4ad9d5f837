using Buildd.Farm;
using Buildd.Farm.Audit;
using Buildd.Farm.LiveFilesystems;
using Buildd.Farm.Rights;
using Buildd.Farm.Settings;
using Buildd.UnitTests.Farm.Archives;
using Buildd.UnitTests.Farm.Store;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.LiveFilesystems;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.Postgresql)]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class LiveFsRecordsTests(Engine engine) : IAsyncDisposable
{
    private readonly EngineBench _bench = new(engine);
    private ArchiveCast _cast = null!;

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [SetUp]
    public async Task SetUpAsync() => _cast = await LiveFsCast.CreateAsync(_bench.Open());

    [Test]
    public async Task A_member_of_the_owner_makes_one_and_it_is_found()
    {
        var member = _cast.Actors["member"];

        var made = await _cast.Records.AddLiveFsAsync("open", metadata: """{"project": "desktop"}""", actor: member);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(await FindAsync(member, "open"), Is.EqualTo(made));
            Assert.That(
                await _cast.Records.LiveFilesystems.PathsAsync([made], default),
                Is.EqualTo(new Dictionary<long, string> { [made.Id] = "~open/debian/bookworm/desktop" }));
            Assert.That(
                await _cast.Records.LiveFilesystems.FindAsync(member, "open", "deb", "stable", "desktop", default), Is.EqualTo(made));
            Assert.That(
                made, Is.EqualTo(new LiveFs
                {
                    Id = made.Id,
                    Registrant = member.PersonId!.Value,
                    Owner = _cast.People["open"].Id,
                    Series = made.Series,
                    Name = "desktop",
                    Metadata = """{"project":"desktop"}""",
                    IsPrivate = false,
                    RequireVirtualized = true,
                    RelativeScore = 0,
                    KeepDays = 1,
                    Created = made.Created,
                    Modified = made.Created,
                }));
            Assert.That(
                (await _cast.Records.Audit.ListAsync(EngineBench.Local, new AuditFilter { Kind = "livefs" }, default))[0].Subject,
                Is.EqualTo("~open/debian/bookworm/desktop"));
        }
    }

    [Test]
    public async Task Nobody_makes_one_while_the_feature_is_off()
    {
        await _cast.Records.Settings.SetAsync(EngineBench.Local, KnownSettings.AllowNewLiveFilesystems, "no", default);

        await RefusedAsync(_cast.Records.AddLiveFsAsync("open", actor: _cast.Actors["member"]), LiveFsRecords.IsDisabled);
    }

    [TestCase("stranger", "stranger is not a member of open.")]
    [TestCase("buildd-admin", "builds is not a member of open.")]
    [TestCase("anonymous", "anonymous is not a member of open.")]
    [TestCase("member's reading token", "member is not a member of open.")]
    public Task A_stranger_makes_none_for_others(string who, string because) =>
        RefusedAsync(_cast.Records.AddLiveFsAsync("open", actor: _cast.Actors[who]), because);

    [Test]
    public async Task Owner_series_and_name_tell_them_apart()
    {
        await _cast.Records.AddLiveFsAsync("open");
        var other = await _cast.Records.AddLiveFsAsync("open", "server");
        await _cast.Records.AddLiveFsAsync("owner");

        await RefusedAsync(_cast.Records.AddLiveFsAsync("open"), LiveFsRecords.IsThere);
        await RefusedAsync(
            _cast.Records.LiveFilesystems.ChangeAsync(EngineBench.Local, other.Id, livefs => livefs with { Name = "desktop" }, default),
            LiveFsRecords.IsThere);
    }

    [Test]
    public async Task One_of_a_private_owner_is_for_its_members()
    {
        var made = await _cast.Records.AddLiveFsAsync("secret");

        using (Assert.EnterMultipleScope())
        {
            foreach (var (who, actor) in _cast.Actors)
            {
                var sees = who is "owner" or "member" or "team administrator" or "ppa-admin" or "admin" or "machine"
                    or "member's reading token";
                Assert.That(await FindAsync(actor, "secret") is not null, Is.EqualTo(sees), who);
                var listed = await _cast.Records.LiveFilesystems.ListAsync(actor, new LiveFsFilter(), default);
                Assert.That(listed.Any(one => one.Id == made.Id), Is.EqualTo(sees), $"{who} in the listing");
            }
        }
    }

    [Test]
    public async Task Its_owner_s_privacy_is_its_own()
    {
        var made = await _cast.Records.AddLiveFsAsync("open");

        await _cast.Records.People.ChangeAsync(EngineBench.Local, "open", team => team with { IsPrivate = true }, default);
        var closed = await FindAsync(EngineBench.Local, "open");
        await _cast.Records.People.ChangeAsync(EngineBench.Local, "open", team => team with { IsPrivate = false }, default);
        var opened = await FindAsync(EngineBench.Local, "open");
        var given = await _cast.Records.LiveFilesystems.ChangeAsync(
            EngineBench.Local, made.Id, livefs => livefs with { Owner = _cast.People["secret"].Id }, default);

        Assert.That((closed!.IsPrivate, opened!.IsPrivate, given.IsPrivate), Is.EqualTo((true, false, true)));
    }

    /// <summary>Of each field who may change it: e edits, m moderates, a administers.</summary>
    [TestCase("owner", "e")]
    [TestCase("member", "e")]
    [TestCase("team administrator", "e")]
    [TestCase("buildd-admin", "m")]
    [TestCase("ppa-admin", "ema")]
    [TestCase("admin", "ema")]
    [TestCase("machine", "ema")]
    [TestCase("stranger", "")]
    [TestCase("anonymous", "")]
    [TestCase("member's reading token", "")]
    [TestCase("member's public token", "")]
    public async Task Each_field_has_its_right(string who, string may)
    {
        var made = await _cast.Records.AddLiveFsAsync("open");

        using (Assert.EnterMultipleScope())
        {
            await TryAsync('e', livefs => livefs with { Metadata = """{"a":1}""" });
            await TryAsync('e', livefs => livefs with { Name = "server" });
            await TryAsync('m', livefs => livefs with { RelativeScore = 5 });
            await TryAsync('a', livefs => livefs with { RequireVirtualized = false });
            await TryAsync('a', livefs => livefs with { KeepDays = null });
        }

        async Task TryAsync(char right, Func<LiveFs, LiveFs> change)
        {
            var code = 0;
            try
            {
                await _cast.Records.LiveFilesystems.ChangeAsync(_cast.Actors[who], made.Id, change, default);
            }
            catch (FarmException exception)
            {
                code = exception.ExitCode;
            }

            Assert.That(code, Is.EqualTo(may.Contains(right) ? 0 : FarmExitCode.NotAllowed), $"{right}: {change(made)}");
        }
    }

    [Test]
    public async Task It_can_t_be_given_to_those_one_is_not_in()
    {
        var made = await _cast.Records.AddLiveFsAsync("open");

        await RefusedAsync(
            _cast.Records.LiveFilesystems.ChangeAsync(
                _cast.Actors["member"], made.Id, livefs => livefs with { Owner = _cast.People["stranger"].Id }, default),
            "member cannot create live filesystems owned by stranger.");
    }

    [Test]
    public async Task It_is_deleted_only_without_builds()
    {
        var (built, bare) = (await _cast.Records.AddLiveFsAsync("open"), await _cast.Records.AddLiveFsAsync("open", "bare"));
        await _cast.Records.RequestAsync(built);

        await RefusedAsync(
            _cast.Records.LiveFilesystems.DeleteAsync(_cast.Actors["member"], built.Id, default),
            "Cannot delete a live filesystem with builds.");
        await RefusedAsync(
            _cast.Records.LiveFilesystems.DeleteAsync(_cast.Actors["stranger"], bare.Id, default), "stranger may not edit");
        await _cast.Records.LiveFilesystems.DeleteAsync(_cast.Actors["member"], bare.Id, default);

        Assert.That(await FindAsync(EngineBench.Local, "open", "bare"), Is.Null);
    }

    [TestCase("[]", "no JSON object")]
    [TestCase("{", "no JSON object")]
    [TestCase("""{"a":1,"a":2}""", "twice")]
    [TestCase("""{"a":"\u0000"}""", "zero character")]
    [TestCase("""{"a":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}""", "no JSON object")]
    public Task Metadata_is_a_JSON_object(string metadata, string because) =>
        RefusedAsync(_cast.Records.AddLiveFsAsync("open", metadata: metadata), because);

    [Test]
    public Task Metadata_has_a_limit() => RefusedAsync(
        _cast.Records.AddLiveFsAsync("open", metadata: $$"""{"a":"{{new string('x', Metadata.MaxLength)}}"}"""), "can have 65536");

    [TestCase("x")]
    [TestCase("Desktop")]
    [TestCase("../desktop")]
    [TestCase("desk top")]
    public Task What_can_t_be_a_name_is_refused(string name) =>
        RefusedAsync(_cast.Records.AddLiveFsAsync("open", name), "can't be the name of a live filesystem");

    private Task<LiveFs?> FindAsync(Actor actor, string owner, string name = "desktop") =>
        _cast.Records.LiveFilesystems.FindAsync(actor, owner, "debian", "bookworm", name, default);

    private static async Task RefusedAsync(Task task, string because)
    {
        try
        {
            await task;
        }
        catch (FarmException exception)
        {
            Assert.That(exception.Message, Does.Contain(because));
            return;
        }

        Assert.Fail($"It was done, and should not because: {because}");
    }
}

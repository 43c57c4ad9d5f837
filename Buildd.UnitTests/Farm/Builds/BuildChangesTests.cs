using Buildd.Farm;
using Buildd.Farm.Audit;
using Buildd.Farm.Builds;
using Buildd.Farm.LiveFilesystems;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
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
public sealed class BuildChangesTests(Engine engine) : IAsyncDisposable
{
    private readonly EngineBench _bench = new(engine);
    private ArchiveCast _cast = null!;
    private LiveFs _livefs = null!;

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [SetUp]
    public async Task SetUpAsync()
    {
        _cast = await LiveFsCast.CreateAsync(_bench.Open());
        _livefs = await _cast.Records.AddLiveFsAsync("open");
    }

    /// <summary>Who may cancel a build that a member asked for, c, and who may rescore it, r.</summary>
    [TestCase("owner", "c")]
    [TestCase("member", "c")]
    [TestCase("buildd-admin", "cr")]
    [TestCase("ppa-admin", "c")]
    [TestCase("admin", "cr")]
    [TestCase("machine", "cr")]
    [TestCase("stranger", "")]
    [TestCase("anonymous", "")]
    [TestCase("member's reading token", "")]
    [TestCase("member's public token", "")]
    public async Task Each_change_has_its_right(string who, string may)
    {
        var asked = await _cast.Records.RequestAsync(_livefs, actor: _cast.Actors["member"]);

        using (Assert.EnterMultipleScope())
        {
            await TryAsync('r', BuildRights.Administer, build => build.Rescored(7));
            await TryAsync('c', BuildRights.Edit, build => build.CancelledBy(DateTimeOffset.UtcNow));
        }

        async Task TryAsync(char letter, Right<FarmBuild> right, Func<Build, Build> change)
        {
            var code = 0;
            try
            {
                await _cast.Records.BuildChanges.ChangeAsync(_cast.Actors[who], asked.Build.Id, right, "tried", change, default);
            }
            catch (FarmException exception)
            {
                code = exception.ExitCode;
            }

            Assert.That(code, Is.EqualTo(may.Contains(letter) ? 0 : FarmExitCode.NotAllowed), $"{letter}");
        }
    }

    [Test]
    public async Task Who_asked_for_a_build_may_cancel_it_when_they_have_left()
    {
        var member = _cast.Actors["member"];
        var asked = await _cast.Records.RequestAsync(_livefs, actor: member);

        var stranger = member with { Groups = new IdSet([member.PersonId!.Value]), AdministeredTeams = IdSet.Empty };
        var build = await _cast.Records.BuildChanges.ChangeAsync(
            stranger, asked.Build.Id, BuildRights.Edit, "cancelled", one => one.CancelledBy(DateTimeOffset.UtcNow), default);

        Assert.That(build.State, Is.EqualTo(BuildState.Cancelled));
    }

    [Test]
    public async Task A_change_is_in_the_audit_and_one_that_fails_is_not()
    {
        var asked = await _cast.Records.RequestAsync(_livefs);
        await _cast.Records.BuildChanges.ChangeAsync(
            _cast.Actors["buildd-admin"], asked.Build.Id, BuildRights.Administer, "rescored", build => build.Rescored(7), default);

        Assert.That(
            async () => await _cast.Records.BuildChanges.ChangeAsync(
                EngineBench.Local, asked.Build.Id, BuildRights.Edit, "retried", build => build.Retried(default), default),
            Throws.TypeOf<BuildStateException>());
        var entries = await _cast.Records.Audit.ListAsync(EngineBench.Local, new AuditFilter { Kind = "build" }, default);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(entries, Has.Count.EqualTo(1));
            Assert.That((entries[0].ActorName, entries[0].Action), Is.EqualTo(("builds", "rescored")));
            Assert.That(entries[0].Changes, Is.EqualTo(new[] { new FieldChange("score", "2510", "7") }));
        }
    }

    [Test]
    public async Task A_build_in_no_archive_is_of_those_who_look_after_the_farm()
    {
        var build = (await _bench.OpenStore().Builds.AddAsync([new NewBuild { JobType = "PACKAGEBUILD", Title = "old" }]))[0];

        using (Assert.EnterMultipleScope())
        {
            foreach (var (who, actor) in _cast.Actors)
            {
                var may = who is "buildd-admin" or "admin" or "machine";
                Assert.That(
                    async () => await _cast.Records.BuildChanges.ChangeAsync(
                        actor, build.Id, BuildRights.Edit, "rescored", one => one.Rescored(one.Score + 1), default),
                    may ? Throws.Nothing : Throws.TypeOf<FarmException>().With.Message.Contains("there is no build"), who);
            }
        }
    }
}

using Buildd.Farm;
using Buildd.Farm.Archives;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using Buildd.UnitTests.Farm.Store;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Archives;

/// <summary>Who may do what with which archive: as a table, by the check of one archive and by the condition of a listing.</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.Postgresql)]
[Parallelizable(ParallelScope.All)]
[CancelAfter(60_000)]
public sealed class ArchiveRightsTests(Engine engine) : IAsyncDisposable
{
    /// <summary>
    /// Each row: who, then what they may do with the primary archive (the farm's administrators'), a copy, an open PPA of a team, a private
    /// PPA of the same team, a PPA of a private team. v: view; e: edit; m: moderate; a: administer.
    /// </summary>
    private static readonly string[][] Table =
    [
        ["owner", "v", "v", "ve", "ve", "ve"],
        ["member", "v", "v", "ve", "ve", "ve"],
        ["team administrator", "v", "v", "ve", "ve", "ve"],
        ["buildd-admin", "vm", "vm", "vm", "", ""],
        ["ppa-admin", "vema", "vema", "vema", "vema", "vema"],
        ["admin", "vema", "vema", "vema", "vema", "vema"],
        ["stranger", "v", "v", "v", "", ""],
        ["anonymous", "v", "v", "v", "", ""],
        ["member's reading token", "v", "v", "v", "v", "v"],
        ["member's public token", "v", "v", "v", "", ""],
        ["machine", "vema", "vema", "vema", "vema", "vema"],
    ];

    private static readonly string[] References =
        ["debian", "debian/rebuild", "~open/debian/tools", "~open/debian/hidden", "~secret/debian/own"];

    private static readonly (char Letter, Right<Archive> Right)[] Rights =
    [
        ('v', ArchiveRights.View), ('e', ArchiveRights.Edit), ('m', ArchiveRights.Moderate), ('a', ArchiveRights.Administer),
    ];

    private readonly EngineBench _bench = new(engine);
    private ArchiveCast _cast = null!;

    private static IEnumerable<string> Who => Table.Select(row => row[0]);

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [OneTimeSetUp]
    public async Task SetUpAsync()
    {
        _cast = await ArchiveCast.CreateAsync(_bench.Open());
        _cast.People["admins"] = await _cast.Records.People.GetAsync(EngineBench.Local, "admins", default);
        await _cast.AddAsync("admins", Archive.PrimaryName, ArchivePurpose.Primary);
        await _cast.AddAsync("admins", "rebuild", ArchivePurpose.Copy);
        await _cast.AddAsync("open", "tools");
        await _cast.AddAsync("open", "hidden", change: archive => archive with { IsPrivate = true });
        await _cast.AddAsync("secret", "own");
    }

    [Test]
    public void The_table_has_the_whole_cast() => Assert.That(Who, Is.EquivalentTo(_cast.Actors.Keys));

    [TestCaseSource(nameof(Who))]
    public async Task The_check_and_the_condition_say_what_the_table_says(string who)
    {
        var actor = _cast.Actors[who];
        var all = (await _cast.Records.Archives.ListAsync(EngineBench.Local, new ArchiveFilter(), default))
            .ToDictionary(one => one.Name, one => one.Archive);
        var store = _bench.OpenStore();
        var table = new Table<Archive>("archive", store.Dialect, ArchiveColumns.All);
        using (Assert.EnterMultipleScope())
        {
            foreach (var (letter, right) in Rights)
            {
                var expected = References.Where((_, i) => Expected(who)[i].Contains(letter)).Select(name => all[name].Id).ToList();
                var rows = await store.ReadAsync(
                    connection => table.QueryAsync(connection, $"WHERE {right.For(actor)} ORDER BY archive.id"), default);
                Assert.That(rows.Select(archive => archive.Id), Is.EquivalentTo(expected), $"{who} lists to {right.Doing}");
                Assert.That(
                    all.Values.Where(archive => right.Allows(actor, archive)).Select(archive => archive.Id),
                    Is.EquivalentTo(expected),
                    $"{who} is checked to {right.Doing}");
            }
        }
    }

    [TestCaseSource(nameof(Who))]
    public async Task Listing_count_and_look_up_agree(string who)
    {
        var actor = _cast.Actors[who];
        var archives = _cast.Records.Archives;
        var expected = References.Where((_, i) => Expected(who)[i].Contains('v')).ToList();

        Assert.That(
            (await archives.ListAsync(actor, new ArchiveFilter(), default)).Select(one => one.Name), Is.EquivalentTo(expected));
        Assert.That(await archives.CountAsync(actor, new ArchiveFilter(), default), Is.EqualTo(expected.Count));
        foreach (var reference in References)
            Assert.That(
                await archives.FindAsync(actor, reference, default) is not null, Is.EqualTo(expected.Contains(reference)), reference);
    }

    [TestCaseSource(nameof(Who))]
    public async Task Changes_are_made_or_refused_as_the_table_says(string who)
    {
        var actor = _cast.Actors[who];
        for (var i = 0; i < References.Length; i++)
        {
            var (may, reference) = (Expected(who)[i], References[i]);
            await TryAsync('e', archive => archive with { AllowRebuilds = !archive.AllowRebuilds });
            await TryAsync('m', archive => archive with { RelativeScore = archive.RelativeScore + 1 });
            await TryAsync('a', archive => archive with { RequireVirtualized = !archive.RequireVirtualized });

            async Task TryAsync(char letter, Func<Archive, Archive> change)
            {
                var code = FarmExitCode.Done;
                try
                {
                    await _cast.Records.Archives.ChangeAsync(actor, reference, change, default);
                }
                catch (FarmException e)
                {
                    code = e.ExitCode;
                    if (!may.Contains('v'))
                        Assert.That(e.Message, Is.EqualTo($"there is no archive \"{reference}\""));
                }

                Assert.That(
                    code,
                    Is.EqualTo(may.Contains(letter) ? FarmExitCode.Done
                        : may.Contains('v') ? FarmExitCode.NotAllowed : FarmExitCode.NotFound),
                    $"{who} changes {reference} by {letter}");
            }
        }
    }

    private static string[] Expected(string who) => Table.Single(row => row[0] == who)[1..];
}

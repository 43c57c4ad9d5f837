using System.Data.Common;
using Buildd.Farm.Audit;
using Buildd.Farm.Distributions;
using Buildd.Farm.People;
using Buildd.Farm.Rights;
using Buildd.Farm.Settings;
using Buildd.Farm.Store;
using Dapper;

namespace Buildd.Farm.LiveFilesystems;

/// <summary>The live filesystems; <see cref="FarmStore"/> says what holds of all its records.</summary>
/// <param name="store">Whose they are.</param>
/// <param name="audit">Who changed what.</param>
/// <param name="people">Who own them.</param>
/// <param name="distributions">The distributions of their series.</param>
/// <param name="series">The series that they are for.</param>
internal sealed class LiveFsRecords(
    FarmStore store, AuditRecords audit, PersonRecords people, DistributionRecords distributions, SeriesRecords series)
{
    /// <summary>The sentence for people for whom the feature is switched off; the words are Launchpad's.</summary>
    internal const string IsDisabled =
        "You do not have permission to create new live filesystems or new live filesystem builds.";

    /// <summary>The sentence for one that is there already; the words are Launchpad's.</summary>
    internal const string IsThere = "There is already a live filesystem with the same name, owner, and distroseries.";

    /// <summary>For how many days at most files are kept, other than for ever.</summary>
    internal const int MaxKeepDays = 36_500;

    /// <summary>The largest relative score, above and below zero: Launchpad's for archives.</summary>
    internal const int MaxRelativeScore = 10_000;

    private readonly AuditedTable<LiveFs> _table = new(store, audit, "livefs", LiveFsColumns.All, livefs => livefs.Name);

    /// <summary>Makes a live filesystem.</summary>
    /// <param name="actor">Who asks: a member of the owner, while the setting <c>soyuz.livefs.allow_new</c> is on, or an
    /// administrator.</param>
    /// <param name="owner">The owner's name.</param>
    /// <param name="distribution">The distribution's name.</param>
    /// <param name="release">The series' name.</param>
    /// <param name="name">Its name.</param>
    /// <param name="metadata">Arguments for the slave: a JSON object.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">The actor may not, there is one already, or a value can't be.</exception>
    internal Task<LiveFs> AddAsync(
        Actor actor, string owner, string distribution, string release, string name, string metadata,
        CancellationToken cancellationToken) =>
        store.WriteAsync(
            async connection =>
            {
                var into = await FindOwnerAsync(connection, actor, owner);
                await RequireEnabledAsync(connection, actor);
                if (!actor.MayChange || !(actor.IsIn(into.Id) || actor.Has(Role.Administrator)))
                    throw FarmException.NotAllowed(Stranger(actor, into));
                var of = await distributions.GetAsync(connection, distribution);
                var now = store.Time.GetUtcNow();
                var livefs = new LiveFs
                {
                    Registrant = actor.PersonId ?? into.Id,
                    Owner = into.Id,
                    Series = (await series.GetAsync(connection, of, release)).Id,
                    Name = Names.Check(name, "live filesystem"),
                    Metadata = LiveFilesystems.Metadata.Normalize(metadata),
                    IsPrivate = into.IsPrivate,
                    Created = now,
                    Modified = now,
                };
                await RequireUniqueAsync(connection, livefs);
                return await _table.AddAsync(connection, actor, livefs, await PathAsync(connection, livefs));
            },
            cancellationToken);

    /// <summary>A live filesystem that an actor sees; null when there is none.</summary>
    internal Task<LiveFs?> FindAsync(
        Actor actor, string owner, string distribution, string release, string name, CancellationToken cancellationToken) =>
        store.ReadAsync(
            async connection =>
            {
                if (await people.FindAsync(connection, owner) is not { } of
                    || await distributions.FindAsync(connection, distribution) is not { } from
                    || await series.FindAsync(connection, from, release) is not { } on)
                    return null;
                var livefs = await FindAsync(connection, of.Id, on.Id, name);
                return livefs is not null && LiveFsRights.View.Allows(actor, livefs) ? livefs : null;
            },
            cancellationToken);

    /// <summary>Those that an actor sees, by name and then by number.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="filter">Which of them.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal Task<IReadOnlyList<LiveFs>> ListAsync(Actor actor, LiveFsFilter filter, CancellationToken cancellationToken)
    {
        var conditions = new List<Sql> { LiveFsRights.View.For(actor) };
        if (filter.Owner is { } owner)
            conditions.Add($"livefs.owner = {owner}");
        if (filter.Series is { } release)
            conditions.Add($"livefs.series = {release}");
        if (filter.After is { } after)
            conditions.Add($"(livefs.name > {after.Name} OR (livefs.name = {after.Name} AND livefs.id > {after.Id}))");
        return store.ReadAsync<IReadOnlyList<LiveFs>>(
            async connection => await _table.QueryAsync(
                connection, $"WHERE {Sql.All(conditions)} ORDER BY livefs.name, livefs.id LIMIT {filter.Count}"),
            cancellationToken);
    }

    /// <summary>Changes a live filesystem. Each field has its right: see <see cref="LiveFsRights"/>.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="id">Its number.</param>
    /// <param name="change">Returns it as it shall be; it may be called twice.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">There is none, the actor may not, a value can't be, or there is another such.</exception>
    internal Task<LiveFs> ChangeAsync(Actor actor, long id, Func<LiveFs, LiveFs> change, CancellationToken cancellationToken) =>
        store.WriteAsync(
            async connection =>
            {
                var old = await GetAsync(connection, actor, id);
                var called = await PathAsync(connection, old);
                var changed = change(old);
                changed = changed with { Metadata = LiveFilesystems.Metadata.Normalize(changed.Metadata) };
                DemandRights(actor, old, changed, called);
                Check(changed);
                if (changed.Owner != old.Owner)
                {
                    var owner = await people.GetAsync(connection, changed.Owner);
                    if (!(actor.IsIn(owner.Id) || actor.Has(Role.Administrator)))
                        throw FarmException.NotAllowed(Stranger(actor, owner));
                    changed = changed with { IsPrivate = owner.IsPrivate };
                }

                if (changed.Series != old.Series)
                    await series.GetAsync(connection, changed.Series);
                if ((changed.Owner, changed.Series, changed.Name) != (old.Owner, old.Series, old.Name))
                    await RequireUniqueAsync(connection, changed);
                return changed == old
                    ? old
                    : await _table.ChangeAsync(
                        connection, actor, old, changed with { Modified = store.Time.GetUtcNow() }, called: called);
            },
            cancellationToken);

    /// <summary>Deletes a live filesystem that was never built.</summary>
    /// <exception cref="FarmException">There is none, the actor may not, or there are builds.</exception>
    internal Task DeleteAsync(Actor actor, long id, CancellationToken cancellationToken) => store.WriteAsync(
        async connection =>
        {
            var livefs = await GetAsync(connection, actor, id);
            var called = await PathAsync(connection, livefs);
            LiveFsRights.Edit.Demand(actor, livefs, called);
            if (await connection.ExecuteScalarAsync<bool>("SELECT EXISTS (SELECT 1 FROM request WHERE livefs = @id)", new { id }))
                throw FarmException.Conflict("Cannot delete a live filesystem with builds.");
            await _table.RemoveAsync(connection, actor, livefs, called);
            return true;
        },
        cancellationToken);

    /// <summary>The path by which people call one: <c>~OWNER/DISTRIBUTION/SERIES/NAME</c>.</summary>
    internal Task<string> PathAsync(LiveFs livefs, CancellationToken cancellationToken) =>
        store.ReadAsync(connection => PathAsync(connection, livefs), cancellationToken);

    /// <summary>The paths of many by their numbers, in a constant number of statements.</summary>
    internal Task<Dictionary<long, string>> PathsAsync(IReadOnlyList<LiveFs> all, CancellationToken cancellationToken) => store.ReadAsync(
        async connection =>
        {
            var owners = (await people.ListAsync(connection, new IdSet(all.Select(one => one.Owner)))).ToDictionary(one => one.Id);
            var releases = (await series.ListAsync(connection, new IdSet(all.Select(one => one.Series)))).ToDictionary(one => one.Id);
            var of = (await distributions.ListAsync(connection, new IdSet(releases.Values.Select(one => one.Distribution))))
                .ToDictionary(one => one.Id);
            return all.ToDictionary(one => one.Id, one => Path(
                owners[one.Owner], of[releases[one.Series].Distribution], releases[one.Series], one));
        },
        cancellationToken);

    /// <inheritdoc cref="PathAsync(LiveFs, CancellationToken)"/>
    internal async Task<string> PathAsync(DbConnection connection, LiveFs livefs)
    {
        var release = await series.GetAsync(connection, livefs.Series);
        var of = await distributions.GetAsync(connection, release.Distribution);
        return Path(await people.GetAsync(connection, livefs.Owner), of, release, livefs);
    }

    private static string Path(Person owner, Distribution distribution, Series release, LiveFs livefs) =>
        new LiveFsPath(owner.Name, distribution.Name, release.Name, livefs.Name).ToString();

    /// <summary>One that an actor sees.</summary>
    /// <exception cref="FarmException">There is none.</exception>
    internal async Task<LiveFs> GetAsync(DbConnection connection, Actor actor, long id) =>
        await _table.FindAsync(connection, id) is { } livefs && LiveFsRights.View.Allows(actor, livefs)
            ? livefs
            : throw FarmException.NotFound($"there is no live filesystem with the number {id}");

    /// <summary>The one of an owner, series and name, whoever asks.</summary>
    internal Task<LiveFs?> FindAsync(DbConnection connection, long owner, long release, string name) => _table.FindAsync(
        connection, $"WHERE livefs.owner = {owner} AND livefs.series = {release} AND livefs.name = {name}");

    /// <exception cref="FarmException">People may make none, and the actor is no administrator of the machine.</exception>
    internal static async Task RequireEnabledAsync(DbConnection connection, Actor actor)
    {
        if (!actor.IsLocal && !KnownSettings.IsYes(await SettingRecords.GetAsync(connection, KnownSettings.AllowNewLiveFilesystems)))
            throw FarmException.NotAllowed(IsDisabled);
    }

    private async Task<Person> FindOwnerAsync(DbConnection connection, Actor actor, string owner) =>
        await people.FindAsync(connection, owner) is { } found && PersonRights.View.Allows(actor, found)
            ? found
            : throw PersonRecords.NoSuchPerson(owner);

    /// <summary>Launchpad's words.</summary>
    private static string Stranger(Actor actor, Person owner) => owner.IsTeam
        ? $"{actor.Name} is not a member of {owner.Name}."
        : $"{actor.Name} cannot create live filesystems owned by {owner.Name}.";

    private static void DemandRights(Actor actor, LiveFs old, LiveFs changed, string called)
    {
        if ((changed.Registrant, changed.Created, changed.Id) != (old.Registrant, old.Created, old.Id))
            throw new InvalidOperationException("These stay as they were.");
        if (changed.RelativeScore != old.RelativeScore)
            LiveFsRights.Moderate.Demand(actor, old, called);
        if ((changed.RequireVirtualized, changed.KeepDays) != (old.RequireVirtualized, old.KeepDays))
            LiveFsRights.Administer.Demand(actor, old, called);
        if ((changed.Owner, changed.Series, changed.Name, changed.Metadata) != (old.Owner, old.Series, old.Name, old.Metadata))
            LiveFsRights.Edit.Demand(actor, old, called);
    }

    private static void Check(LiveFs livefs)
    {
        Names.Check(livefs.Name, "live filesystem");
        if (livefs.KeepDays is < 1 or > MaxKeepDays)
            throw FarmException.Invalid($"files are kept for 1 to {MaxKeepDays} days, or for ever, not for {livefs.KeepDays}");
        if (Math.Abs((long)livefs.RelativeScore) > MaxRelativeScore)
        {
            throw FarmException.Invalid(
                $"the relative score is from -{MaxRelativeScore} to {MaxRelativeScore}, not {livefs.RelativeScore}");
        }
    }

    private async Task RequireUniqueAsync(DbConnection connection, LiveFs livefs)
    {
        if (await FindAsync(connection, livefs.Owner, livefs.Series, livefs.Name) is { } other && other.Id != livefs.Id)
            throw FarmException.Conflict(IsThere);
    }
}

/// <summary>Which live filesystems to list; null does not matter.</summary>
internal sealed record LiveFsFilter
{
    /// <summary>The most of one listing.</summary>
    internal const int MaxCount = 1000;

    /// <summary>The owner's number.</summary>
    internal long? Owner { get; init; }

    /// <summary>The series' number.</summary>
    internal long? Series { get; init; }

    /// <summary>Only those after this one.</summary>
    internal (string Name, long Id)? After { get; init; }

    /// <summary>How many at most, from 1 to <see cref="MaxCount"/>; 50 by default.</summary>
    internal int Count { get; init => field = Math.Clamp(value, 1, MaxCount); } = 50;
}

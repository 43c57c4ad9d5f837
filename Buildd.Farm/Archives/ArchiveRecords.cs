using System.Data.Common;
using Buildd.Farm.Distributions;
using Buildd.Farm.People;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;

namespace Buildd.Farm.Archives;

/// <summary>The archives; <see cref="FarmStore"/> says what holds of all its records.</summary>
/// <remarks>What an actor may not see is not there for them: no listing, count or message tells it from what never was.</remarks>
/// <param name="store">Whose they are.</param>
/// <param name="table">The archives within a transaction.</param>
/// <param name="privacy">What must not depend on what.</param>
/// <param name="people">Their owners.</param>
/// <param name="distributions">Their distributions.</param>
internal sealed class ArchiveRecords(
    FarmStore store, ArchiveTable table, ArchivePrivacy privacy, PersonRecords people, DistributionRecords distributions)
{
    /// <summary>Makes an archive. What a private team owns becomes private.</summary>
    /// <param name="actor">
    /// Who asks: a member of a PPA's owner, or who looks after archives; an administrator for the others. What only some may change of an
    /// archive, only they may say of a new one.
    /// </param>
    /// <param name="archive">The archive, without a number.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">
    /// There is no such owner or distribution, the actor may not, a value can't be, or there is such an archive already.
    /// </exception>
    internal Task<NamedArchive> AddAsync(Actor actor, Archive archive, CancellationToken cancellationToken)
    {
        ArchiveLimits.Check(archive);
        return store.WriteAsync(
            async connection =>
            {
                var owner = await GetOwnerAsync(connection, actor, archive.Owner);
                var distribution = await distributions.GetAsync(connection, archive.Distribution);
                DemandMake(actor, archive, owner);
                var added = owner.IsPrivate ? archive with { IsPrivate = true } : archive;
                DemandChanges(actor, Plain(added, owner), added, "the new archive");
                await RequireFreeAsync(connection, added, distribution);
                await RequireFreePublicationAsync(connection, added);
                var reference = ArchiveReference.Of(added, owner.Name, distribution.Name);
                return new NamedArchive(
                    await table.Audited(reference.ToString()).AddAsync(connection, actor, added), reference, owner.Name);
            },
            cancellationToken);
    }

    /// <summary>An archive that an actor sees; null when there is none, and when the text is no reference.</summary>
    internal Task<NamedArchive?> FindAsync(Actor actor, string reference, CancellationToken cancellationToken) => store.ReadAsync(
        async connection => ArchiveReference.TryParse(reference) is { } parsed
            && await table.FindAsync(connection, parsed) is { } found && ArchiveRights.View.Allows(actor, found.Archive) ? found : null,
        cancellationToken);

    /// <summary>An archive that an actor sees.</summary>
    /// <exception cref="FarmException">There is none, or the text is no reference.</exception>
    internal Task<NamedArchive> GetAsync(Actor actor, string reference, CancellationToken cancellationToken)
    {
        var parsed = ArchiveReference.Parse(reference);
        return store.ReadAsync(connection => table.GetAsync(connection, actor, parsed), cancellationToken);
    }

    /// <summary>The archive of a number that an actor sees; null when there is none.</summary>
    internal Task<NamedArchive?> FindAsync(Actor actor, long id, CancellationToken cancellationToken) => store.ReadAsync(
        async connection => await table.FindAsync(connection, id) is { } found && ArchiveRights.View.Allows(actor, found)
            ? await table.NameAsync(connection, found)
            : null,
        cancellationToken);

    /// <summary>Archives that fit and that an actor sees, in the order of their numbers.</summary>
    internal Task<IReadOnlyList<NamedArchive>> ListAsync(Actor actor, ArchiveFilter filter, CancellationToken cancellationToken)
    {
        var conditions = Conditions(actor, filter);
        if (filter.After is { } after)
            conditions.Add($"archive.id > {after}");
        return store.ReadAsync<IReadOnlyList<NamedArchive>>(
            async connection => await table.NameAsync(
                connection,
                await table.QueryAsync(connection, $"WHERE {Sql.All(conditions)} ORDER BY archive.id LIMIT {filter.Count}")),
            cancellationToken);
    }

    /// <summary>How many archives fit that an actor sees, whatever page of them is asked for.</summary>
    internal Task<long> CountAsync(Actor actor, ArchiveFilter filter, CancellationToken cancellationToken) => store.ReadAsync(
        connection => table.CountAsync(connection, Sql.All(Conditions(actor, filter))), cancellationToken);

    /// <summary>Changes an archive.</summary>
    /// <param name="actor">Who asks. The rights to it depend on what changes.</param>
    /// <param name="reference">Which.</param>
    /// <param name="change">Returns the archive as it shall be; it may be called twice.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">There is none, the actor may not, or a value can't be.</exception>
    internal Task<NamedArchive> ChangeAsync(
        Actor actor, string reference, Func<Archive, Archive> change, CancellationToken cancellationToken)
    {
        var parsed = ArchiveReference.Parse(reference);
        return store.WriteAsync(
            async connection =>
            {
                var (old, name, _) = await table.GetAsync(connection, actor, parsed);
                var changed = change(old);
                if ((changed.Id, changed.Distribution, changed.Name, changed.Purpose)
                    != (old.Id, old.Distribution, old.Name, old.Purpose))
                    throw FarmException.Invalid($"{name} is what the archive is called, so that its name, distribution and purpose stay");
                DemandChanges(actor, old, changed, name.ToString());
                ArchiveLimits.Check(changed);
                var owner = changed.Owner == old.Owner
                    ? await people.GetAsync(connection, old.Owner)
                    : await GetOwnerAsync(connection, actor, changed.Owner);
                if (owner.IsPrivate && changed is { IsPrivate: false } && old.IsPrivate)
                    throw FarmException.Conflict($"{owner.Name} is a private team, so that what it owns is private");
                if (owner.IsPrivate)
                    changed = changed with { IsPrivate = true };
                if (changed.Owner != old.Owner)
                    await RequireFreeAsync(connection, changed, await distributions.GetAsync(connection, changed.Distribution));
                if (changed.Publication != old.Publication)
                    await RequireFreePublicationAsync(connection, changed);
                if ((changed.Owner, changed.IsPrivate) != (old.Owner, old.IsPrivate))
                    await privacy.RequireAsync(connection, changed, name.ToString());
                return await table.NameAsync(connection, await table.Audited(name.ToString()).ChangeAsync(connection, actor, old, changed));
            },
            cancellationToken);
    }

    private static List<Sql> Conditions(Actor actor, ArchiveFilter filter)
    {
        var conditions = new List<Sql> { ArchiveRights.View.For(actor) };
        if (filter.Owner is { } owner)
            conditions.Add($"archive.owner = {owner}");
        if (filter.Distribution is { } distribution)
            conditions.Add($"archive.distribution = {distribution}");
        if (filter.Purpose is { } purpose)
            conditions.Add($"archive.purpose = {purpose}");
        return conditions;
    }

    private static void DemandMake(Actor actor, Archive archive, Person owner)
    {
        if (archive.Purpose != ArchivePurpose.Ppa)
            actor.Demand($"make {archive.Purpose.ToName()} archives", Role.Administrator);
        else if (!actor.MayChange || !(actor.IsIn(owner.Id) || actor.Has(Role.ArchiveAdministrator)))
            throw FarmException.NotAllowed(
                $"{actor.Name} may not make archives that {owner.Name} owns: its members and those of "
                + $"{Role.ArchiveAdministrator.ToName()} may");
    }

    /// <summary>A new archive as everybody may make it who may make one.</summary>
    private static Archive Plain(Archive archive, Person owner) => new()
    {
        Owner = archive.Owner,
        Distribution = archive.Distribution,
        Name = archive.Name,
        Purpose = archive.Purpose,
        DisplayName = archive.DisplayName,
        IsPrivate = owner.IsPrivate,
        Created = archive.Created,
    };

    /// <exception cref="FarmException">The actor may not make one of the changes.</exception>
    private static void DemandChanges(Actor actor, Archive old, Archive changed, string name)
    {
        var isAdministrative = !IsSame(old, changed, archive => archive.Owner) || !IsSame(old, changed, archive => archive.IsPrivate)
            || !IsSame(old, changed, archive => archive.RequireVirtualized) || !IsSame(old, changed, archive => archive.Url)
            || !IsSame(old, changed, archive => archive.SigningKey) || !IsSame(old, changed, archive => archive.Publication)
            || !old.ExternalLines.SequenceEqual(changed.ExternalLines);
        var isScore = !IsSame(old, changed, archive => archive.RelativeScore);
        var isOther = !IsSame(old, changed, archive => archive.DisplayName) || !IsSame(old, changed, archive => archive.Description)
            || !IsSame(old, changed, archive => archive.Enabled) || !IsSame(old, changed, archive => archive.AllowRebuilds)
            || !old.Components.SequenceEqual(changed.Components) || !old.Architectures.SequenceEqual(changed.Architectures);
        if (isAdministrative)
            ArchiveRights.Administer.Demand(actor, old, name);
        if (isScore)
            ArchiveRights.Moderate.Demand(actor, old, name);
        if (isOther || !(isAdministrative || isScore))
            ArchiveRights.Edit.Demand(actor, old, name);
    }

    private static bool IsSame<TValue>(Archive one, Archive other, Func<Archive, TValue> value) =>
        EqualityComparer<TValue>.Default.Equals(value(one), value(other));

    private async Task<Person> GetOwnerAsync(DbConnection connection, Actor actor, long id)
    {
        var owners = await people.ListAsync(connection, new IdSet([id]));
        return owners is [var owner] && PersonRights.View.Allows(actor, owner)
            ? owner
            : throw FarmException.NotFound($"there is no person or team with the number {id}");
    }

    private async Task RequireFreeAsync(DbConnection connection, Archive archive, Distribution distribution)
    {
        var others = await table.QueryAsync(
            connection, $"WHERE archive.distribution = {distribution.Id} AND archive.id <> {archive.Id} AND archive.name = {archive.Name}");
        if (archive.Purpose == ArchivePurpose.Primary && others.Exists(other => other.Purpose == ArchivePurpose.Primary))
            throw FarmException.Conflict($"{distribution.Name} has a primary archive already");
        if (archive.Purpose == ArchivePurpose.Copy && others.Exists(other => other.Purpose == ArchivePurpose.Copy))
            throw FarmException.Conflict($"{distribution.Name} has a copy archive called {archive.Name} already");
        if (archive.Purpose != ArchivePurpose.Primary
            && others.Exists(other => other.Purpose != ArchivePurpose.Primary && other.Owner == archive.Owner))
            throw FarmException.Conflict($"its owner has an archive of {distribution.Name} called {archive.Name} already");
    }

    private async Task RequireFreePublicationAsync(DbConnection connection, Archive archive)
    {
        if (archive.Publication is not { } publication)
            return;
        var folder = publication[(publication.IndexOf(' ', StringComparison.Ordinal) + 1)..];
        var same = await table.QueryAsync(
            connection,
            $"WHERE archive.id <> {archive.Id} AND archive.publication IN ({"directory " + folder}, {"reprepro " + folder})");
        if (same.Count > 0)
            throw FarmException.Conflict($"another archive is published in {folder}");
    }
}

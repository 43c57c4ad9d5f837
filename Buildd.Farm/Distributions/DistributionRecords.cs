using System.Data.Common;
using Buildd.Farm.Audit;
using Buildd.Farm.People;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using Buildd.Linux.Files;

namespace Buildd.Farm.Distributions;

/// <summary>The distributions; <see cref="FarmStore"/> says what holds of all its records.</summary>
/// <param name="store">Whose they are.</param>
/// <param name="audit">Who changed what.</param>
internal sealed class DistributionRecords(FarmStore store, AuditRecords audit)
{
    private readonly AuditedTable<Distribution> _table = new(
        store, audit, "distribution", DistributionColumns.All, distribution => distribution.Name);

    /// <summary>Adds a distribution.</summary>
    /// <param name="actor">Who asks: an administrator.</param>
    /// <param name="distribution">It, without a number.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">The actor may not, a value can't be, or a name is another's.</exception>
    internal Task<Distribution> AddAsync(Actor actor, Distribution distribution, CancellationToken cancellationToken)
    {
        DistributionRights.Edit.Demand(actor, distribution, "distributions");
        return store.WriteAsync(
            async connection =>
            {
                await CheckAsync(connection, distribution);
                return await _table.AddAsync(connection, actor, distribution);
            },
            cancellationToken);
    }

    /// <summary>A distribution; null when there is none.</summary>
    /// <param name="name">Its name or an alias.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal Task<Distribution?> FindAsync(string name, CancellationToken cancellationToken) =>
        store.ReadAsync(connection => FindAsync(connection, name), cancellationToken);

    /// <summary>A distribution.</summary>
    /// <exception cref="FarmException">There is none.</exception>
    internal Task<Distribution> GetAsync(string name, CancellationToken cancellationToken) =>
        store.ReadAsync(connection => GetAsync(connection, name), cancellationToken);

    /// <summary>All, by name.</summary>
    internal Task<IReadOnlyList<Distribution>> ListAsync(CancellationToken cancellationToken) =>
        store.ReadAsync<IReadOnlyList<Distribution>>(async connection => await ListAsync(connection), cancellationToken);

    /// <summary>Changes a distribution. A new name leaves the former one as an alias.</summary>
    /// <param name="actor">Who asks: an administrator.</param>
    /// <param name="name">Which.</param>
    /// <param name="change">Returns the distribution as it shall be; it may be called twice.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">There is none, the actor may not, a value can't be, or a name is another's.</exception>
    internal Task<Distribution> ChangeAsync(
        Actor actor, string name, Func<Distribution, Distribution> change, CancellationToken cancellationToken) => store.WriteAsync(
        async connection =>
        {
            var old = await GetAsync(connection, name);
            DistributionRights.Edit.Demand(actor, old, old.Name);
            var changed = change(old);
            if (changed.Name != old.Name)
                changed = changed with { Aliases = [.. changed.Aliases.Where(alias => alias != changed.Name).Union([old.Name])] };
            await CheckAsync(connection, changed);
            return await _table.ChangeAsync(connection, actor, old, changed);
        },
        cancellationToken);

    /// <summary>The distribution of a name or an alias; null when there is none.</summary>
    internal async Task<Distribution?> FindAsync(DbConnection connection, string name) => !Names.IsName(name)
        ? null
        : await _table.FindAsync(connection, $"WHERE distribution.name = {name}")
            ?? (await ListAsync(connection)).Find(one => one.Aliases.Contains(name));

    /// <summary>The distribution of a name or an alias.</summary>
    /// <exception cref="FarmException">There is none.</exception>
    internal async Task<Distribution> GetAsync(DbConnection connection, string name) => await FindAsync(connection, name)
        ?? throw FarmException.NotFound($"there is no distribution called {FileName.Display(name)}");

    /// <summary>The distribution of a number, to which something refers.</summary>
    internal async Task<Distribution> GetAsync(DbConnection connection, long id) => await _table.FindAsync(connection, id)
        ?? throw FarmException.NotFound($"there is no distribution with the number {id}");

    /// <summary>The distributions of numbers.</summary>
    internal Task<List<Distribution>> ListAsync(DbConnection connection, IdSet ids) =>
        _table.QueryAsync(connection, $"WHERE distribution.id IN {ids}");

    private Task<List<Distribution>> ListAsync(DbConnection connection) =>
        _table.QueryAsync(connection, $"WHERE distribution.id > 0 ORDER BY distribution.name");

    private async Task CheckAsync(DbConnection connection, Distribution distribution)
    {
        Names.Check(distribution.Name, "distribution");
        Texts.CheckLine(distribution.Title, "title");
        Texts.CheckNames(distribution.Aliases, Distribution.MaxAliases, "alias");
        var others = (await ListAsync(connection)).Where(other => other.Id != distribution.Id).ToList();
        if (distribution.Id == 0 && others.Count >= Distribution.MaxCount)
            throw FarmException.Conflict($"there are {others.Count} distributions, and a farm can have {Distribution.MaxCount}");
        NameSpace.RequireFree(
            "distribution",
            (distribution.Name, distribution.Aliases),
            others.Select(other => (other.Name, other.Aliases)));
    }
}

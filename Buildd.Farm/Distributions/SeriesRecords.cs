using System.Data.Common;
using Buildd.Farm.Audit;
using Buildd.Farm.People;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using Buildd.Linux.Files;

namespace Buildd.Farm.Distributions;

/// <summary>The series of distributions; <see cref="FarmStore"/> says what holds of all its records.</summary>
/// <param name="store">Whose they are.</param>
/// <param name="audit">Who changed what.</param>
/// <param name="distributions">The distributions.</param>
internal sealed class SeriesRecords(FarmStore store, AuditRecords audit, DistributionRecords distributions)
{
    private const string Kind = "series";

    private readonly Table<Series> _table = new(Kind, store.Dialect, SeriesColumns.All);
    private readonly Table<SeriesArchitecture> _architectures = new("architecture", store.Dialect, ArchitectureColumns.All);

    /// <summary>Adds a series.</summary>
    /// <param name="actor">Who asks: an administrator.</param>
    /// <param name="distribution">The distribution's name or an alias.</param>
    /// <param name="series">The series, without a number. It has no architectures yet, so that none is nominated.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">There is no such distribution, the actor may not, a value can't be, or a name is
    /// another's.</exception>
    internal Task<Series> AddAsync(Actor actor, string distribution, Series series, CancellationToken cancellationToken) =>
        store.WriteAsync(
            async connection =>
            {
                var of = await distributions.GetAsync(connection, distribution);
                DistributionRights.Edit.Demand(actor, of, of.Name);
                var added = series with { Distribution = of.Id };
                await CheckAsync(connection, of, added);
                return await Audited(of).AddAsync(connection, actor, added);
            },
            cancellationToken);

    /// <summary>A series; null when there is none.</summary>
    /// <param name="distribution">The distribution's name or an alias.</param>
    /// <param name="name">The series' name, an alias or its version.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal Task<Series?> FindAsync(string distribution, string name, CancellationToken cancellationToken) => store.ReadAsync(
        async connection => await distributions.FindAsync(connection, distribution) is { } of
            ? await FindAsync(connection, of, name)
            : null,
        cancellationToken);

    /// <summary>A series.</summary>
    /// <inheritdoc cref="FindAsync(string, string, CancellationToken)"/>
    /// <exception cref="FarmException">There is none, or no such distribution.</exception>
    internal Task<Series> GetAsync(string distribution, string name, CancellationToken cancellationToken) => store.ReadAsync(
        async connection => await GetAsync(connection, await distributions.GetAsync(connection, distribution), name),
        cancellationToken);

    /// <summary>All series of a distribution, in the order in which they were added.</summary>
    /// <exception cref="FarmException">There is no such distribution.</exception>
    internal Task<IReadOnlyList<Series>> ListAsync(string distribution, CancellationToken cancellationToken) =>
        store.ReadAsync<IReadOnlyList<Series>>(
            async connection => await ListAsync(connection, await distributions.GetAsync(connection, distribution)), cancellationToken);

    /// <summary>Changes a series.</summary>
    /// <param name="actor">Who asks: an administrator.</param>
    /// <param name="distribution">The distribution's name or an alias.</param>
    /// <param name="name">The series' name, an alias or its version.</param>
    /// <param name="change">Returns the series as it shall be, with the same name; it may be called twice.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">There is none, the actor may not, a value can't be, or a name is another's.</exception>
    internal Task<Series> ChangeAsync(
        Actor actor, string distribution, string name, Func<Series, Series> change, CancellationToken cancellationToken) =>
        store.WriteAsync(
            async connection =>
            {
                var of = await distributions.GetAsync(connection, distribution);
                var old = await GetAsync(connection, of, name);
                DistributionRights.Edit.Demand(actor, of, of.Name);
                var changed = change(old);
                if ((changed.Id, changed.Distribution, changed.Name) != (old.Id, old.Distribution, old.Name))
                    throw FarmException.Invalid($"{old.Name} is what the series is called in archives, so that its name stays");
                await CheckAsync(connection, of, changed);
                return await Audited(of).ChangeAsync(connection, actor, old, changed);
            },
            cancellationToken);

    /// <summary>The series of a name, an alias or a version, in this order; null when there is none.</summary>
    internal async Task<Series?> FindAsync(DbConnection connection, Distribution distribution, string name)
    {
        var all = await ListAsync(connection, distribution);
        return all.Find(one => one.Name == name) ?? all.Find(one => one.Aliases.Contains(name))
            ?? all.Find(one => one.Version.Length > 0 && one.Version == name);
    }

    /// <summary>The series of a name, an alias or a version.</summary>
    /// <exception cref="FarmException">There is none.</exception>
    internal async Task<Series> GetAsync(DbConnection connection, Distribution distribution, string name) =>
        await FindAsync(connection, distribution, name)
            ?? throw FarmException.NotFound($"there is no series called {FileName.Display(name)} in {distribution.Name}");

    /// <summary>The series of a number, to which something refers.</summary>
    internal async Task<Series> GetAsync(DbConnection connection, long id) =>
        await _table.FindAsync(connection, $"WHERE series.id = {id}")
            ?? throw FarmException.NotFound($"there is no series with the number {id}");

    /// <summary>The series of numbers.</summary>
    internal Task<List<Series>> ListAsync(DbConnection connection, IdSet ids) =>
        _table.QueryAsync(connection, $"WHERE series.id IN {ids}");

    private Task<List<Series>> ListAsync(DbConnection connection, Distribution distribution) =>
        _table.QueryAsync(connection, $"WHERE series.distribution = {distribution.Id} ORDER BY series.id");

    private AuditedTable<Series> Audited(Distribution distribution) => new(
        store, audit, Kind, SeriesColumns.All, series => $"{distribution.Name}/{series.Name}");

    private async Task CheckAsync(DbConnection connection, Distribution distribution, Series series)
    {
        Names.Check(series.Name, "series");
        Texts.CheckLine(series.Version, "version");
        Texts.CheckLine(series.Title, "title");
        Texts.CheckNames(series.Aliases, Series.MaxAliases, "alias");
        if (!Enum.IsDefined(series.Status))
            throw FarmException.Invalid($"there is no status with the number {(int)series.Status}");
        var others = (await ListAsync(connection, distribution)).Where(other => other.Id != series.Id).ToList();
        if (series.Id == 0 && others.Count >= Series.MaxCount)
            throw FarmException.Conflict($"there are {others.Count} series of {distribution.Name}, and there can be {Series.MaxCount}");
        NameSpace.RequireFree("series", (series.Name, series.Aliases), others.Select(other => (other.Name, other.Aliases)));
        if (series.Nominated is not { } tag)
            return;
        var nominated = !Names.IsName(tag) ? null : await _architectures.FindAsync(
            connection, $"WHERE architecture.series = {series.Id} AND architecture.tag = {tag}");
        if (nominated is not { Enabled: true })
            throw FarmException.Invalid($"{FileName.Display(tag)} is no architecture of {series.Name} for which anything is built");
    }
}

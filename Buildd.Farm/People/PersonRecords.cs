using System.Data.Common;
using Buildd.Farm.Audit;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using Buildd.Linux.Files;
using Dapper;

namespace Buildd.Farm.People;

/// <summary>The people and teams; <see cref="FarmStore"/> says what holds of all its records.</summary>
/// <param name="store">Whose they are.</param>
/// <param name="audit">Who changed what.</param>
internal sealed class PersonRecords(FarmStore store, AuditRecords audit)
{
    private readonly AuditedTable<Person> _table = new(store, audit, "person", PersonColumns.All, person => person.Name);

    /// <summary>Adds a person.</summary>
    /// <param name="actor">Who asks: an administrator.</param>
    /// <param name="person">The person, without a number.</param>
    /// <param name="address">Their address of mail.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">The name or the address can't be one, or is somebody's.</exception>
    internal Task<Person> AddAsync(Actor actor, Person person, string address, CancellationToken cancellationToken) =>
        store.WriteAsync(connection => AddAsync(connection, actor, person, address), cancellationToken);

    /// <summary>Adds a person, within a transaction.</summary>
    /// <inheritdoc cref="AddAsync(Actor, Person, string, CancellationToken)"/>
    internal async Task<Person> AddAsync(DbConnection connection, Actor actor, Person person, string address)
    {
        actor.Demand("add people", Role.Administrator);
        Check(person);
        if (person.IsTeam)
            throw FarmException.Invalid($"{person.Name} is a team, and was to be a person");
        MailAddresses.Check(address);
        await RequireFreeNameAsync(connection, person.Name);
        await MailAddresses.RequireFreeAsync(connection, address);
        var added = await _table.AddAsync(connection, actor, person);
        await MailAddresses.AddAsync(connection, added.Id, address, isPreferred: true);
        await audit.WriteAsync(connection, actor, "address added", "person", added.Name, []);
        return added;
    }

    /// <summary>Adds a team, whose owner becomes its first member and administers it.</summary>
    /// <param name="actor">Who asks: a person for themselves or a team that they are in, or an administrator.</param>
    /// <param name="team">The team, without a number.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">The name can't be one, or is somebody's, or the owner is a stranger.</exception>
    internal Task<Person> AddTeamAsync(Actor actor, Person team, CancellationToken cancellationToken)
    {
        Check(team);
        if (!team.IsTeam)
            throw FarmException.Invalid($"{team.Name} is no team");
        if (!actor.MayChange || !(actor.IsIn(team.Owner) || actor.Has(Role.Administrator)))
            throw FarmException.NotAllowed($"{actor.Name} may not make teams that others own: their members and administrators may");
        return store.WriteAsync(
            async connection =>
            {
                var owner = await GetAsync(connection, team.Owner!.Value);
                await RequireFreeNameAsync(connection, team.Name);
                var added = await _table.AddAsync(connection, actor, team);
                var now = store.Time.GetUtcNow();
                var first = new Membership
                {
                    Team = added.Id,
                    Member = team.Owner!.Value,
                    State = MembershipState.Administrator,
                    Joined = now,
                    Changed = now,
                    ChangedBy = actor.Name,
                };
                await new MembershipTable(store, audit).SetAsync(connection, actor, added, owner, first);
                return added;
            },
            cancellationToken);
    }

    /// <summary>A person or team that an actor sees; null when there is none.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="name">The name, or a former one.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal Task<Person?> FindAsync(Actor actor, string name, CancellationToken cancellationToken) => store.ReadAsync(
        async connection => await FindAsync(connection, name) is { } person && PersonRights.View.Allows(actor, person) ? person : null,
        cancellationToken);

    /// <summary>A person or team that an actor sees.</summary>
    /// <exception cref="FarmException">There is none.</exception>
    internal async Task<Person> GetAsync(Actor actor, string name, CancellationToken cancellationToken) =>
        await FindAsync(actor, name, cancellationToken) ?? throw NoSuchPerson(name);

    /// <summary>Those that an actor sees, by name.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="isTeam">Only teams, or only people; null for both.</param>
    /// <param name="after">Only names after this one; null for the first.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal Task<IReadOnlyList<Person>> ListAsync(
        Actor actor, bool? isTeam, string? after, int count, CancellationToken cancellationToken)
    {
        var conditions = new List<Sql> { PersonRights.View.For(actor) };
        if (isTeam is { } known)
            conditions.Add(known ? (Sql)$"person.is_team" : $"NOT person.is_team");
        if (after is not null)
            conditions.Add($"person.name > {(Names.IsName(after) ? after : throw FarmException.Invalid(
                $"no name can come after {FileName.Display(after)}: {Names.Rule}"))}");
        return store.ReadAsync<IReadOnlyList<Person>>(
            async connection => await _table.QueryAsync(
                connection, $"WHERE {Sql.All(conditions)} ORDER BY person.name LIMIT {count}"),
            cancellationToken);
    }

    /// <summary>The names of those of some people and teams that an actor sees, by their numbers.</summary>
    internal Task<Dictionary<long, string>> NamesAsync(Actor actor, IEnumerable<long> ids, CancellationToken cancellationToken) =>
        store.ReadAsync(
            async connection => (await ListAsync(connection, new IdSet(ids))).Where(person => PersonRights.View.Allows(actor, person))
                .ToDictionary(person => person.Id, person => person.Name),
            cancellationToken);

    /// <summary>Changes what is said of a person or team. A new name leaves the former one as another for the same.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="name">Whom.</param>
    /// <param name="change">Returns the person as it shall be; it may be called twice.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">There is no such person, the actor may not, or a value can't be.</exception>
    internal Task<Person> ChangeAsync(Actor actor, string name, Func<Person, Person> change, CancellationToken cancellationToken) =>
        store.WriteAsync(connection => ChangeAsync(connection, actor, name, change), cancellationToken);

    /// <summary>Changes what is said of a person or team, within a transaction.</summary>
    /// <inheritdoc cref="ChangeAsync(Actor, string, Func{Person, Person}, CancellationToken)"/>
    internal async Task<Person> ChangeAsync(DbConnection connection, Actor actor, string name, Func<Person, Person> change)
    {
        var old = await GetSeenAsync(connection, actor, name);
        var changed = change(old);
        (IsAdministrative(old, changed) ? PersonRights.Administer : PersonRights.Edit).Demand(actor, old, old.Name);
        if (changed.Id != old.Id || changed.IsTeam != old.IsTeam || changed.Created != old.Created)
            throw FarmException.Invalid($"number, kind and date of {old.Name} stay as they are");
        Check(changed);
        if (changed.Name != old.Name)
            await RenameAsync(connection, old, changed.Name);
        if (changed.Owner != old.Owner)
            await GetSeenAsync(connection, actor, changed.Owner!.Value);
        if (changed.IsPrivate != old.IsPrivate)
            await PrivacyChangedAsync(connection, changed);
        return await _table.ChangeAsync(connection, actor, old, changed);
    }

    /// <summary>The person or team of a name or of a former one, whoever asks; null when there is none.</summary>
    internal async Task<Person?> FindAsync(DbConnection connection, string name) => !Names.IsName(name)
        ? null // nor is a store asked for what it may not take
        : await _table.FindAsync(
            connection,
            $"WHERE person.name = {name} OR person.id = (SELECT former_name.person FROM former_name WHERE former_name.name = {name})");

    /// <summary>The person or team of a name or of a former one, that an actor sees.</summary>
    /// <exception cref="FarmException">There is none.</exception>
    internal async Task<Person> GetSeenAsync(DbConnection connection, Actor actor, string name) =>
        await FindAsync(connection, name) is { } person && PersonRights.View.Allows(actor, person) ? person : throw NoSuchPerson(name);

    /// <summary>The person of a name or of a former one, that an actor sees.</summary>
    /// <exception cref="FarmException">There is none, or it is a team.</exception>
    /// <param name="connection">The connection.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="name">The name.</param>
    /// <param name="have">What only people have, for the message, such as <c>passwords</c>.</param>
    internal async Task<Person> GetSeenPersonAsync(DbConnection connection, Actor actor, string name, string have) =>
        await GetSeenAsync(connection, actor, name) is { IsTeam: false } person
            ? person
            : throw FarmException.Invalid($"{name} is a team, and only people have {have}");

    /// <summary>The person or team of a number.</summary>
    /// <exception cref="FarmException">There is none.</exception>
    internal async Task<Person> GetAsync(DbConnection connection, long id) =>
        await _table.FindAsync(connection, id) ?? throw FarmException.NotFound($"there is no person with the number {id}");

    /// <summary>The people and teams of numbers.</summary>
    internal Task<List<Person>> ListAsync(DbConnection connection, IdSet ids) =>
        _table.QueryAsync(connection, $"WHERE person.id IN {ids} ORDER BY person.name");

    internal static FarmException NoSuchPerson(string name) =>
        FarmException.NotFound($"there is no person or team called {(Names.IsName(name) ? name : FileName.Display(name))}");

    /// <summary>The person or team of a number, that an actor sees.</summary>
    private async Task<Person> GetSeenAsync(DbConnection connection, Actor actor, long id)
    {
        var person = await GetAsync(connection, id);
        return PersonRights.View.Allows(actor, person) ? person : throw FarmException.NotFound($"there is no person with the number {id}");
    }

    private static bool IsAdministrative(Person old, Person changed) => old.Name != changed.Name || old.State != changed.State
        || (old.Owner != changed.Owner) || (old.IsPrivate != changed.IsPrivate);

    private static void Check(Person person)
    {
        Names.Check(person.Name, person.IsTeam ? "team" : "person");
        Names.CheckLine(person.DisplayName, "display name");
        Names.CheckDescription(person.Description);
        if (person.IsTeam && person.Owner is null)
            throw FarmException.Invalid($"the team {person.Name} has to have an owner");
        if (person.IsTeam && person.State != AccountState.Active)
            throw FarmException.Invalid($"{person.Name} is a team, and only people are suspended or deactivated");
        if (!person.IsTeam && (person.Owner is not null || person.IsPrivate))
            throw FarmException.Invalid($"{person.Name} is a person, and only teams have owners or are private");
    }

    private async Task RequireFreeNameAsync(DbConnection connection, string name)
    {
        if (await FindAsync(connection, name) is { } found)
        {
            throw FarmException.Conflict(found.Name == name
                ? $"there is a {(found.IsTeam ? "team" : "person")} called {name} already"
                : $"{name} is a former name of {found.Name}, and goes on to mean them");
        }
    }

    private async Task RenameAsync(DbConnection connection, Person old, string name)
    {
        if (old.Id <= (long)Role.ArchiveAdministrator)
            throw FarmException.Conflict($"the team {old.Name} has its part in the farm's rights by its name, and keeps it");
        var isFormer = await connection.ExecuteAsync(
            "DELETE FROM former_name WHERE name = @name AND person = @Id", new { name, old.Id }) == 1;
        if (!isFormer)
            await RequireFreeNameAsync(connection, name);
        await connection.ExecuteAsync("INSERT INTO former_name (name, person) VALUES (@Name, @Id)", new { old.Name, old.Id });
    }

    /// <summary>What a private team owns is private; a live filesystem is so exactly when its owner is.</summary>
    private static async Task PrivacyChangedAsync(DbConnection connection, Person team)
    {
        await connection.ExecuteAsync("UPDATE livefs SET is_private = @IsPrivate WHERE owner = @Id", new { team.IsPrivate, team.Id });
        if (team.IsPrivate)
            await connection.ExecuteAsync("UPDATE archive SET is_private = @IsPrivate WHERE owner = @Id", new { team.IsPrivate, team.Id });
    }
}

using Buildd.Farm.Store;

namespace Buildd.Farm.Rights;

/// <summary>
/// Something that may be done to things of a type, and who may. It has two forms that come from the same clauses: a check of one thing,
/// and a condition for a query, so that a listing has exactly what the check allows. Any thread may use one.
/// </summary>
/// <typeparam name="T">The things.</typeparam>
internal sealed class Right<T>
{
    private readonly Right<T>? _also;
    private readonly Clause<T>[] _clauses;
    private readonly bool _changes;

    /// <summary>Makes a right to look at something.</summary>
    /// <param name="doing">What it allows, such as <c>see the archive</c>.</param>
    /// <param name="clauses">Each is enough.</param>
    internal Right(string doing, params Clause<T>[] clauses)
    {
        Doing = doing;
        _clauses = clauses;
    }

    /// <summary>Makes a right to change something, which has to be seen for that.</summary>
    /// <param name="doing">What it allows, such as <c>edit the archive</c>.</param>
    /// <param name="also">The right to see it.</param>
    /// <param name="clauses">Each is enough, beside that.</param>
    internal Right(string doing, Right<T> also, params Clause<T>[] clauses)
        : this(doing, clauses)
    {
        _also = also;
        _changes = true;
    }

    /// <summary>What it allows, in words that go after "may".</summary>
    internal string Doing { get; }

    /// <summary>Who may, in words.</summary>
    internal string Who => string.Join(", ", _clauses.Select(clause => clause.Who));

    /// <summary>Whether an actor may do it to a thing.</summary>
    internal bool Allows(Actor actor, T thing) =>
        (!_changes || actor.MayChange)
        && (_also is null || _also.Allows(actor, thing))
        && _clauses.Any(clause => clause.Holds(Seeing(actor), thing));

    /// <summary>The condition that holds for the rows of things that an actor may do it to.</summary>
    internal Sql For(Actor actor)
    {
        if (_changes && !actor.MayChange)
            return Sql.False;
        var any = Sql.Any(_clauses.Select(clause => clause.For(Seeing(actor))));
        return _also is null ? any : Sql.All([_also.For(actor), any]);
    }

    /// <exception cref="FarmException">The actor may not do it.</exception>
    /// <param name="actor">Who asks.</param>
    /// <param name="thing">What it is to be done to, which the actor sees.</param>
    /// <param name="name">What the thing is called, in messages.</param>
    internal void Demand(Actor actor, T thing, string name)
    {
        if (!Allows(actor, thing))
            throw FarmException.NotAllowed($"{actor.Name} may not {Doing} {name}: {Who} may");
    }

    /// <summary>A token that must not see what is private looks at things as a stranger does.</summary>
    private Actor Seeing(Actor actor) => _changes || actor.SeesPrivate ? actor : Actor.Anonymous(actor.Origin);
}

/// <summary>A reason for which an actor has a right.</summary>
/// <typeparam name="T">The things.</typeparam>
/// <param name="Who">Whom it gives the right, for messages.</param>
/// <param name="Holds">Whether it holds for an actor and a thing.</param>
/// <param name="For">The same as a condition for rows.</param>
internal sealed record Clause<T>(string Who, Func<Actor, T, bool> Holds, Func<Actor, Sql> For);

/// <summary>The reasons that there are.</summary>
internal static class Clauses
{
    /// <summary>Everybody, for things of a kind.</summary>
    internal static Clause<T> Everybody<T>(Func<T, bool> isSo, Sql condition) => new(
        "everybody", (_, thing) => isSo(thing), _ => condition);

    /// <summary>A person, or the members of a team.</summary>
    /// <param name="who">What they are to the thing, such as <c>its owner</c>.</param>
    /// <param name="group">Their number in a thing.</param>
    /// <param name="column">The column that has it.</param>
    internal static Clause<T> Group<T>(string who, Func<T, long?> group, Sql column) => new(
        who,
        (actor, thing) => group(thing) is { } known && actor.IsIn(known),
        actor => actor.IsLocal ? (Sql)$"{column} IS NOT NULL" : $"{column} IN {actor.Groups}");

    /// <summary>Those who administer a team.</summary>
    internal static Clause<T> TeamAdministrators<T>(Func<T, long> team, Sql column) => new(
        "its administrators",
        (actor, thing) => actor.AdministeredTeams.Contains(team(thing)),
        actor => $"{column} IN {actor.AdministeredTeams}");

    /// <summary>Those who have a role.</summary>
    internal static Clause<T> Of<T>(Role role) => new(
        $"members of {role.ToName()}", (actor, _) => actor.Has(role), actor => actor.Has(role) ? Sql.True : Sql.False);
}

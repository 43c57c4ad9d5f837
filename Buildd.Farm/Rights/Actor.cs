using Buildd.Farm.Store;

namespace Buildd.Farm.Rights;

/// <summary>
/// Who asks for something: a person with the teams that they are in, nobody in particular, or the machine's own administrator. It is
/// made anew for each request, so that who leaves a team has left. Any thread may use one.
/// </summary>
internal sealed record Actor
{
    /// <summary>The person's number; null for nobody and for the machine's administrator.</summary>
    internal long? PersonId { get; init; }

    /// <summary>The person's name, for the audit.</summary>
    internal required string Name { get; init; }

    /// <summary>Where the request came from, for the audit: an address, or the account at a command line.</summary>
    internal required string Origin { get; init; }

    /// <summary>The person and all teams that they are in, through other teams too.</summary>
    internal IdSet Groups { get; init; } = IdSet.Empty;

    /// <summary>The teams that they administer.</summary>
    internal IdSet AdministeredTeams { get; init; } = IdSet.Empty;

    /// <summary>What is open of their rights; everything by default.</summary>
    internal AccessLevel Level { get; init; } = AccessLevel.WritePrivate;

    /// <summary>Whether it is whoever has the machine, and with it the files of the store: they may do everything.</summary>
    internal bool IsLocal { get; init; }

    /// <summary>Whether anything may be changed.</summary>
    internal bool MayChange => Level is AccessLevel.WritePublic or AccessLevel.WritePrivate && (IsLocal || PersonId is not null);

    /// <summary>Whether what is not for everybody is seen.</summary>
    internal bool SeesPrivate => Level is AccessLevel.ReadPrivate or AccessLevel.WritePrivate;

    /// <summary>Nobody in particular.</summary>
    internal static Actor Anonymous(string origin) => new() { Name = "anonymous", Origin = origin };

    /// <summary>The machine's administrator, at its command line.</summary>
    /// <param name="account">The account that runs the command.</param>
    internal static Actor Local(string account) => new() { Name = "local", Origin = $"command line of {account}", IsLocal = true };

    /// <summary>Whether the actor has a role; an administrator has all of them.</summary>
    internal bool Has(Role role) => IsLocal || Groups.Contains((long)Role.Administrator) || Groups.Contains((long)role);

    /// <summary>Whether the actor is a person, or in a team.</summary>
    internal bool IsIn(long? group) => IsLocal || Groups.Contains(group);

    /// <exception cref="FarmException">The actor has none of these roles.</exception>
    /// <param name="doing">What was tried, such as <c>make distributions</c>.</param>
    /// <param name="roles">Those who may.</param>
    internal void Demand(string doing, params ReadOnlySpan<Role> roles)
    {
        foreach (var role in roles)
        {
            if (MayChange && Has(role))
                return;
        }

        var who = new List<string>();
        foreach (var role in roles)
            who.Add(role.ToName());
        throw FarmException.NotAllowed($"{Name} may not {doing}: members of {string.Join(" and ", who)} may");
    }
}

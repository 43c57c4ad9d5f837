using System.Data.Common;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;

namespace Buildd.Farm.People;

/// <summary>
/// A person with what belongs to the account, added or changed by one transaction: a command that is killed leaves no account without its
/// password. <see cref="FarmStore"/> says what holds of all its records.
/// </summary>
/// <param name="store">Whose they are.</param>
/// <param name="people">The people.</param>
/// <param name="passwords">Their passwords.</param>
/// <param name="teams">Who is in which team.</param>
internal sealed class AccountRecords(FarmStore store, PersonRecords people, PasswordRecords passwords, TeamRecords teams)
{
    /// <summary>Adds a person.</summary>
    /// <param name="actor">Who asks: an administrator.</param>
    /// <param name="person">The person, without a number.</param>
    /// <param name="address">Their address of mail.</param>
    /// <param name="more">What belongs to it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">A value can't be, or is somebody's, or the actor may not.</exception>
    internal Task<Person> AddAsync(Actor actor, Person person, string address, AccountParts more, CancellationToken cancellationToken)
    {
        var hash = more.Password is null ? null : passwords.Hash(more.Password);
        return store.WriteAsync(
            async connection => await SetAsync(
                connection, actor, await people.AddAsync(connection, actor, person, address), hash, more.IsAdministrator),
            cancellationToken);
    }

    /// <summary>Changes a person.</summary>
    /// <param name="actor">Who asks: the person, or an administrator.</param>
    /// <param name="name">Whom.</param>
    /// <param name="change">Returns the person as it shall be; it may be called twice.</param>
    /// <param name="more">What belongs to it and is changed, too.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">There is no such person, the actor may not, or a value can't be.</exception>
    internal Task<Person> ChangeAsync(
        Actor actor, string name, Func<Person, Person> change, AccountParts more, CancellationToken cancellationToken)
    {
        var hash = more.Password is null ? null : passwords.Hash(more.Password);
        return store.WriteAsync(
            async connection =>
            {
                await people.GetSeenPersonAsync(connection, actor, name, "accounts");
                var changed = await people.ChangeAsync(connection, actor, name, change);
                return await SetAsync(connection, actor, changed, hash, more.IsAdministrator);
            },
            cancellationToken);
    }

    private async Task<Person> SetAsync(DbConnection connection, Actor actor, Person person, string? hash, bool? isAdministrator)
    {
        if (hash is not null)
            await passwords.SetAsync(connection, actor, person, hash);
        if (isAdministrator is { } isOne)
        {
            await teams.SetAsync(
                connection,
                actor,
                Role.Administrator.ToName(),
                person.Name,
                isOne ? MembershipState.Approved : MembershipState.Deactivated,
                expires: null);
        }

        return person;
    }
}

/// <summary>What belongs to an account beside the person; null is left as it is.</summary>
internal sealed record AccountParts
{
    /// <summary>The password.</summary>
    internal string? Password { get; init; }

    /// <summary>Whether the person is a member of the administrators' team.</summary>
    internal bool? IsAdministrator { get; init; }
}

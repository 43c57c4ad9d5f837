using System.Data.Common;
using Buildd.Farm.Audit;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using Buildd.Linux.Files;
using Dapper;

namespace Buildd.Farm.People;

/// <summary>The addresses of mail of people, each one person's; <see cref="FarmStore"/> says what holds of all its records.</summary>
/// <param name="store">Whose they are.</param>
/// <param name="audit">Who changed what.</param>
/// <param name="people">The people.</param>
internal sealed class AddressRecords(FarmStore store, AuditRecords audit, PersonRecords people)
{
    /// <summary>The most addresses of one person: nobody has a use for more, and somebody could otherwise take all there are.</summary>
    internal const int MaxCount = 20;

    private const string Have = "addresses";

    private readonly Table<MailAddress> _table = new("address", store.Dialect, MailAddressColumns.All);

    /// <summary>A person's addresses, the preferred one first.</summary>
    /// <param name="actor">Who asks: the person, or an administrator.</param>
    /// <param name="name">The person's name.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">There is no such person, or the actor may not.</exception>
    internal Task<IReadOnlyList<MailAddress>> ListAsync(Actor actor, string name, CancellationToken cancellationToken) =>
        store.ReadAsync<IReadOnlyList<MailAddress>>(
            async connection =>
            {
                var person = await people.GetSeenPersonAsync(connection, actor, name, Have);
                PersonRights.ViewPrivate.Demand(actor, person, person.Name);
                return await ListAsync(connection, person);
            },
            cancellationToken);

    /// <summary>Adds an address, which is not the preferred one yet.</summary>
    /// <param name="actor">Who asks: the person, or an administrator.</param>
    /// <param name="name">The person's name.</param>
    /// <param name="address">The address.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">It can't be an address, or is somebody's, or the actor may not.</exception>
    internal Task AddAsync(Actor actor, string name, string address, CancellationToken cancellationToken)
    {
        MailAddresses.Check(address);
        return ChangeAsync(
            actor,
            name,
            "address added",
            async (connection, person, all) =>
            {
                await MailAddresses.RequireFreeAsync(connection, address);
                if (all.Count >= MaxCount)
                    throw FarmException.Conflict($"{person.Name} has {all.Count} addresses, and can have no more: remove one first");
                await MailAddresses.AddAsync(connection, person.Id, address, isPreferred: all.Count == 0);
                return true;
            },
            cancellationToken);
    }

    /// <summary>Has mail to a person go to another of their addresses.</summary>
    /// <inheritdoc cref="AddAsync"/>
    internal Task PreferAsync(Actor actor, string name, string address, CancellationToken cancellationToken) => ChangeAsync(
        actor,
        name,
        "address preferred",
        async (connection, person, all) =>
        {
            var preferred = Get(all, person, address);
            if (preferred.IsPreferred)
                return false;
            await connection.ExecuteAsync("UPDATE address SET is_preferred = @no WHERE person = @Id", new { no = false, person.Id });
            await connection.ExecuteAsync(
                "UPDATE address SET is_preferred = @yes WHERE address = @Address", new { yes = true, preferred.Address });
            return true;
        },
        cancellationToken);

    /// <summary>Removes an address, which is not the preferred one.</summary>
    /// <inheritdoc cref="AddAsync"/>
    internal Task RemoveAsync(Actor actor, string name, string address, CancellationToken cancellationToken) => ChangeAsync(
        actor,
        name,
        "address removed",
        async (connection, person, all) =>
        {
            var removed = Get(all, person, address);
            if (removed.IsPreferred)
                throw FarmException.Conflict($"mail to {person.Name} goes to {removed.Address}: prefer another address first");
            await connection.ExecuteAsync("DELETE FROM address WHERE address = @Address", new { removed.Address });
            return true;
        },
        cancellationToken);

    /// <summary>Has a change done in a transaction, with the entry of the audit. That entry does not name the address.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="name">The person's name.</param>
    /// <param name="action">What is done, for the audit.</param>
    /// <param name="change">Does it, given the person and all addresses of theirs; returns whether anything had to be done.</param>
    /// <param name="cancellationToken">Ends it.</param>
    private Task<bool> ChangeAsync(
        Actor actor,
        string name,
        string action,
        Func<DbConnection, Person, IReadOnlyList<MailAddress>, Task<bool>> change,
        CancellationToken cancellationToken) => store.WriteAsync(
        async connection =>
        {
            var person = await people.GetSeenPersonAsync(connection, actor, name, Have);
            PersonRights.EditPrivate.Demand(actor, person, person.Name);
            var isChanged = await change(connection, person, await ListAsync(connection, person));
            if (isChanged)
                await audit.WriteAsync(connection, actor, action, "person", person.Name, []);
            return isChanged;
        },
        cancellationToken);

    private async Task<IReadOnlyList<MailAddress>> ListAsync(DbConnection connection, Person person) => await _table.QueryAsync(
        connection, $"WHERE address.person = {person.Id} ORDER BY address.is_preferred DESC, address.address");

    private static MailAddress Get(IReadOnlyList<MailAddress> all, Person person, string address) =>
        all.FirstOrDefault(one => string.Equals(one.Address, address, StringComparison.OrdinalIgnoreCase))
        ?? throw FarmException.NotFound($"{FileName.Display(address)} is no address of {person.Name}");
}

using System.Data.Common;
using Buildd.Farm.Audit;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using Dapper;
using Microsoft.AspNetCore.Identity;

namespace Buildd.Farm.People;

/// <summary>
/// The passwords of people, of which only a hash is stored, in a table that no listing reads; <see cref="FarmStore"/> says what holds of
/// all its records.
/// </summary>
/// <param name="store">Whose they are.</param>
/// <param name="audit">Who changed what.</param>
/// <param name="people">The people.</param>
internal sealed class PasswordRecords(FarmStore store, AuditRecords audit, PersonRecords people)
{
    /// <summary>The fewest characters: OWASP ASVS 4.0.3, 2.1.1.</summary>
    internal const int MinLength = 12;

    /// <summary>The most characters; a phrase of forty words has some 300.</summary>
    internal const int MaxLength = 1000;

    /// <summary>The framework's, which does not look at the person; PBKDF2 with a salt, at its default number of rounds.</summary>
    private readonly PasswordHasher<Person> _hasher = new();

    /// <summary>Is compared with where there is no such person, so that the time of an answer does not tell who there is.</summary>
    private readonly Lazy<string> _nobodys = new(() => new PasswordHasher<Person>().HashPassword(null!, "nobody's password"));

    /// <exception cref="FarmException">It can't be a password. The message has nothing of it.</exception>
    internal static void Check(string password)
    {
        if (password.Length is < MinLength or > MaxLength)
        {
            throw FarmException.Invalid(
                $"the password has {password.Length} characters; it has to have from {MinLength} to {MaxLength}");
        }

        if (password.Any(c => char.IsControl(c) || c == '\uFFFD'))
            throw FarmException.Invalid("the password has a control character, an end of a line or something that is not UTF-8 in it");
    }

    /// <summary>Sets a person's password, in the place of an earlier one.</summary>
    /// <param name="actor">Who asks: the person, or an administrator.</param>
    /// <param name="name">The person's name.</param>
    /// <param name="password">The password.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">It can't be a password, there is no such person, or the actor may not.</exception>
    internal Task SetAsync(Actor actor, string name, string password, CancellationToken cancellationToken)
    {
        var hash = Hash(password);
        return store.WriteAsync(
            async connection =>
            {
                var person = await people.GetSeenPersonAsync(connection, actor, name, "passwords");
                await SetAsync(connection, actor, person, hash);
                return person;
            },
            cancellationToken);
    }

    /// <summary>
    /// Returns the hash of a password. It takes its time, so it is not for a transaction, in which nobody else can write.
    /// </summary>
    /// <exception cref="FarmException">It can't be a password.</exception>
    internal string Hash(string password)
    {
        Check(password);
        return _hasher.HashPassword(null!, password);
    }

    /// <summary>Sets the hash of a person's password, within a transaction.</summary>
    /// <exception cref="FarmException">The actor may not.</exception>
    internal async Task SetAsync(DbConnection connection, Actor actor, Person person, string hash)
    {
        PersonRights.EditPrivate.Demand(actor, person, person.Name);
        await connection.ExecuteAsync(
            "INSERT INTO password (person, hash, changed) VALUES (@Id, @hash, @now) "
                + "ON CONFLICT (person) DO UPDATE SET hash = excluded.hash, changed = excluded.changed",
            new { person.Id, hash, now = store.Time.GetUtcNow().UtcTicks });
        await audit.WriteAsync(connection, actor, "password set", "person", person.Name, []);
    }

    /// <summary>Returns the person whose name or address, and whose password, these are; null when they are nobody's.</summary>
    /// <remarks>
    /// Why it is null can't be told from the answer, nor from its time: unknown, wrong, no password, or no active account.
    /// </remarks>
    /// <param name="nameOrAddress">A name, a former one, or any address of the person.</param>
    /// <param name="password">The password.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal async Task<Person?> VerifyAsync(string nameOrAddress, string password, CancellationToken cancellationToken)
    {
        var (person, hash) = await store.ReadAsync(connection => FindAsync(connection, nameOrAddress), cancellationToken);
        if (password.Length > MaxLength)
            return null;
        var outcome = _hasher.VerifyHashedPassword(null!, hash ?? _nobodys.Value, password);
        if (person is not { IsTeam: false, State: AccountState.Active } || hash is null || outcome == PasswordVerificationResult.Failed)
            return null;
        if (outcome == PasswordVerificationResult.SuccessRehashNeeded)
            await RehashAsync(person, hash, password, cancellationToken);
        return person;
    }

    /// <summary>Whether a person has a password.</summary>
    /// <param name="actor">Who asks: the person, or an administrator.</param>
    /// <param name="name">The person's name.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">There is no such person, or the actor may not.</exception>
    internal Task<bool> HasAsync(Actor actor, string name, CancellationToken cancellationToken) => store.ReadAsync(
        async connection =>
        {
            var person = await people.GetSeenPersonAsync(connection, actor, name, "passwords");
            PersonRights.ViewPrivate.Demand(actor, person, person.Name);
            return await FindHashAsync(connection, person.Id) is not null;
        },
        cancellationToken);

    private async Task<(Person?, string? Hash)> FindAsync(DbConnection connection, string nameOrAddress)
    {
        var person = !nameOrAddress.Contains('@', StringComparison.Ordinal)
            ? await people.FindAsync(connection, nameOrAddress)
            : MailAddresses.IsAddress(nameOrAddress) && await MailAddresses.FindOwnerAsync(connection, nameOrAddress) is { } id
                ? await people.GetAsync(connection, id)
                : null;
        return (person, person is null ? null : await FindHashAsync(connection, person.Id));
    }

    /// <summary>Stores the same password as the framework hashes it today, unless it was changed meanwhile.</summary>
    private Task<int> RehashAsync(Person person, string old, string password, CancellationToken cancellationToken)
    {
        var hash = _hasher.HashPassword(null!, password);
        return store.WriteAsync(
            connection => connection.ExecuteAsync(
                "UPDATE password SET hash = @hash WHERE person = @Id AND hash = @old", new { hash, person.Id, old }),
            cancellationToken);
    }

    private static Task<string?> FindHashAsync(DbConnection connection, long person) => connection.ExecuteScalarAsync<string?>(
        "SELECT hash FROM password WHERE person = @person", new { person });
}

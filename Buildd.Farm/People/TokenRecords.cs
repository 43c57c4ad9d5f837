using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Buildd.Farm.Audit;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using Dapper;

namespace Buildd.Farm.People;

/// <summary>The tokens of people; <see cref="FarmStore"/> says what holds of all its records.</summary>
/// <param name="store">Whose they are.</param>
/// <param name="audit">Who changed what.</param>
/// <param name="people">The people.</param>
/// <param name="actors">Makes actors of them.</param>
internal sealed class TokenRecords(FarmStore store, AuditRecords audit, PersonRecords people, ActorRecords actors)
{
    /// <summary>The characters of a key; 119 bits, so that no two are ever the same.</summary>
    private const int KeyLength = 20;

    /// <summary>The characters of a secret; 238 bits, so that a digest without salt tells nothing of it.</summary>
    private const int SecretLength = 40;

    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private const string Kind = "token";
    private const string Digest = "digest";

    /// <summary>How often the time of the last use is written: a script may ask many times in a second.</summary>
    internal static readonly TimeSpan LastUsedPrecision = TimeSpan.FromMinutes(1);

    /// <summary>Is compared with where there is no such token, so that the time of an answer does not tell which there are.</summary>
    private static readonly string Nobodys = DigestOf("");

    private readonly Table<Token> _table = new(Kind, store.Dialect, TokenColumns.All);

    /// <summary>Makes a token.</summary>
    /// <param name="actor">Who asks: the person, or an administrator.</param>
    /// <param name="name">The person's name.</param>
    /// <param name="consumer">The program that it is for, as it calls itself.</param>
    /// <param name="level">How much is open to it.</param>
    /// <param name="expires">The time from which on it is refused; null for none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">There is no such person, the actor may not, or a value can't be.</exception>
    internal Task<NewToken> AddAsync(
        Actor actor, string name, string consumer, AccessLevel level, DateTimeOffset? expires, CancellationToken cancellationToken)
    {
        Names.CheckLine(consumer, "consumer key");
        if (consumer.Length == 0 || consumer.Trim() != consumer)
            throw FarmException.Invalid("the consumer key is empty, or begins or ends with a blank");
        var now = store.Time.GetUtcNow();
        if (expires <= now)
            throw FarmException.Invalid($"{expires:yyyy-MM-dd HH:mm:ss'Z'} is over: a token until then would be of no use");
        var secret = RandomNumberGenerator.GetString(Alphabet, SecretLength);
        return store.WriteAsync(
            async connection =>
            {
                var person = await people.GetSeenPersonAsync(connection, actor, name, "tokens");
                PersonRights.EditPrivate.Demand(actor, person, person.Name);
                if (person.State != AccountState.Active)
                    throw FarmException.Conflict($"the account {person.Name} is not active, so a token of it would be refused");
                var token = new Token
                {
                    Person = person.Id,
                    Key = RandomNumberGenerator.GetString(Alphabet, KeyLength),
                    Consumer = consumer,
                    Level = level,
                    Created = now,
                    Expires = expires,
                };
                using var insert = _table.PrepareInsert(
                    connection, $"{_table.Insert(["id"], Digest)} RETURNING {store.Dialect.Quote("id")}", ["id"], Digest);
                token = token with { Id = await insert.QueryAsync(token, row => row.GetInt64(0), DigestOf(secret)) };
                await WriteAuditAsync(connection, actor, "added", person, token);
                return new NewToken(token, secret);
            },
            cancellationToken);
    }

    /// <summary>Tokens that an actor sees, the youngest first, those that are over included.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="name">The name of the person whose they are; null for everybody's.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">There is no such person, or the actor may not see what is theirs.</exception>
    internal Task<IReadOnlyList<(Token Token, Person Person)>> ListAsync(
        Actor actor, string? name, CancellationToken cancellationToken) => store.ReadAsync<IReadOnlyList<(Token, Person)>>(
        async connection =>
        {
            var conditions = new List<Sql> { TokenRights.View.For(actor) };
            if (name is not null)
            {
                var person = await people.GetSeenPersonAsync(connection, actor, name, "tokens");
                PersonRights.ViewPrivate.Demand(actor, person, person.Name);
                conditions.Add($"token.person = {person.Id}");
            }

            var tokens = await _table.QueryAsync(connection, $"WHERE {Sql.All(conditions)} ORDER BY token.id DESC");
            var all = (await people.ListAsync(connection, new IdSet(tokens.Select(token => token.Person)))).ToDictionary(one => one.Id);
            return [.. tokens.Select(token => (token, all[token.Person]))];
        },
        cancellationToken);

    /// <summary>Has a token refused from now on. One that was revoked before stays as it is.</summary>
    /// <param name="actor">Who asks: its person, or an administrator.</param>
    /// <param name="id">The token's number.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">There is none, or the actor may not.</exception>
    internal Task<Token> RevokeAsync(Actor actor, long id, CancellationToken cancellationToken) => store.WriteAsync(
        async connection =>
        {
            var token = await _table.FindAsync(connection, $"WHERE token.id = {id}");
            if (token is null || !TokenRights.View.Allows(actor, token))
                throw FarmException.NotFound($"there is no token with the number {id}");
            TokenRights.Revoke.Demand(actor, token, $"{id}");
            if (token.Revoked is not null)
                return token;
            var revoked = token with { Revoked = store.Time.GetUtcNow() };
            await _table.UpdateAsync(connection, revoked);
            await WriteAuditAsync(connection, actor, "revoked", await people.GetAsync(connection, token.Person), token);
            return revoked;
        },
        cancellationToken);

    /// <summary>Looks whose token a request has shown.</summary>
    /// <param name="consumer">The program, as it calls itself.</param>
    /// <param name="key">The token's key.</param>
    /// <param name="secret">The token's secret.</param>
    /// <param name="origin">Where the request came from.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal async Task<TokenCheck> AuthenticateAsync(
        string consumer, string key, string secret, string origin, CancellationToken cancellationToken)
    {
        var (check, token) = await store.ReadAsync(
            async connection =>
            {
                var isKey = key.Length == KeyLength && key.All(char.IsAsciiLetterOrDigit);
                var found = isKey ? await _table.FindAsync(connection, $"WHERE token.key = {key}") : null;
                var digest = found is null
                    ? Nobodys
                    : await connection.ExecuteScalarAsync<string>("SELECT digest FROM token WHERE id = @Id", new { found.Id });
                var isSecret = CryptographicOperations.FixedTimeEquals(
                    Encoding.ASCII.GetBytes(DigestOf(secret)), Encoding.ASCII.GetBytes(digest!));
                if (found is null)
                    return (new TokenCheck(null, TokenRefusal.Unknown), null);
                var refusal = !isSecret ? TokenRefusal.WrongSecret
                    : found.Revoked is not null ? TokenRefusal.Unknown
                    : found.Consumer != consumer ? TokenRefusal.OtherConsumer
                    : found.Expires <= store.Time.GetUtcNow() ? TokenRefusal.Expired
                    : (TokenRefusal?)null;
                var person = await people.GetAsync(connection, found.Person);
                if ((refusal ?? (person.State == AccountState.Active ? null : TokenRefusal.InactiveAccount)) is { } reason)
                    return (new TokenCheck(null, reason), null);
                var actor = await actors.MakeAsync(connection, person, origin);
                return (new TokenCheck(actor with { Level = found.Level }, null), (Token?)found);
            },
            cancellationToken);
        if (token is not null)
            await NoteUseAsync(token, cancellationToken);
        return check;
    }

    private async Task NoteUseAsync(Token token, CancellationToken cancellationToken)
    {
        var now = store.Time.GetUtcNow();
        if (token.LastUsed > now - LastUsedPrecision)
            return;
        try
        {
            await store.WriteAsync(
                connection => connection.ExecuteAsync(
                    "UPDATE token SET last_used = @now WHERE id = @Id AND (last_used IS NULL OR last_used < @now)",
                    new { now = now.UtcTicks, token.Id }),
                cancellationToken);
        }
        catch (StoreException e) when (e.IsTransient)
        {
            // who reads from a busy store, or one that is read-only just now, is not kept from it by this
        }
    }

    private Task WriteAuditAsync(DbConnection connection, Actor actor, string action, Person person, Token token) => audit.WriteAsync(
        connection,
        actor,
        action,
        Kind,
        person.Name,
        [.. TokenColumns.All
            .Where(column => column.Property is nameof(Token.Id) or nameof(Token.Consumer) or nameof(Token.Level) or nameof(Token.Expires))
            .Select(column => new FieldChange(column.JsonName, null, ColumnJson.Value(column, token)))
            .Where(change => change.New != "null")]);

    private static string DigestOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}

/// <summary>What came of looking whose token it is: one of both.</summary>
/// <param name="Actor">Who asks, with no more than what is open to the token.</param>
/// <param name="Refusal">Why it is refused.</param>
internal sealed record TokenCheck(Actor? Actor, TokenRefusal? Refusal);

/// <summary>Why a token is refused. All but <see cref="Unknown"/> are told to those only who know the key.</summary>
internal enum TokenRefusal
{
    /// <summary>There is none with this key, or it was revoked.</summary>
    Unknown,

    /// <summary>The secret is another one.</summary>
    WrongSecret,

    /// <summary>It was made for another program.</summary>
    OtherConsumer,

    /// <summary>Its end has come.</summary>
    Expired,

    /// <summary>The person's account is not active.</summary>
    InactiveAccount,
}

using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using static Buildd.Farm.Store.ColumnKind;

namespace Buildd.Farm.People;

/// <summary>What a program shows in a person's name. Its secret is in no record: the store has a digest of it alone.</summary>
internal sealed record Token
{
    /// <summary>The number, by which it is revoked.</summary>
    public long Id { get; init; }

    /// <summary>The number of the person in whose name it is shown.</summary>
    public required long Person { get; init; }

    /// <summary>Its public half; worth nothing without the secret.</summary>
    public required string Key { get; init; }

    /// <summary>The program that it was made for, by the name that it has for itself.</summary>
    public required string Consumer { get; init; }

    /// <summary>How much of what the person may do is open to it.</summary>
    public required AccessLevel Level { get; init; }

    /// <summary>The time at which it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>The time of its last use, up to <see cref="TokenRecords.LastUsedPrecision"/> too early; null when there was none.</summary>
    public DateTimeOffset? LastUsed { get; init; }

    /// <summary>The time from which on it is refused; null when there is none.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>The time at which somebody revoked it; null when nobody has.</summary>
    public DateTimeOffset? Revoked { get; init; }
}

/// <summary>A token that was just made.</summary>
/// <param name="Token">The token.</param>
/// <param name="Secret">Its secret, which nobody will be able to show again.</param>
internal sealed record NewToken(Token Token, string Secret);

/// <summary>The columns of the table <c>token</c>, beside the secret's digest.</summary>
internal static class TokenColumns
{
    /// <summary>All that a <see cref="Token"/> has. JSON has their order, which has no meaning in the store.</summary>
    internal static IReadOnlyList<Column<Token>> All { get; } =
    [
        new Column<Token, long>(nameof(Token.Id), Long, changes: false),
        new Column<Token, long>(nameof(Token.Person), Long, changes: false),
        new Column<Token, string>(nameof(Token.Key), Text, changes: false),
        new Column<Token, string>(nameof(Token.Consumer), Text, changes: false),
        new Column<Token, AccessLevel>(nameof(Token.Level), Named<AccessLevel>(AccessLevelNames.ToName), changes: false),
        new Column<Token, DateTimeOffset>(nameof(Token.Created), Time, changes: false),
        new Column<Token, DateTimeOffset?>(nameof(Token.LastUsed), OptionalTime, changes: true),
        new Column<Token, DateTimeOffset?>(nameof(Token.Expires), OptionalTime, changes: false),
        new Column<Token, DateTimeOffset?>(nameof(Token.Revoked), OptionalTime, changes: true),
    ];
}

/// <summary>What may be done to tokens, and who may.</summary>
internal static class TokenRights
{
    /// <summary>To see that there is such a token, and when it was used.</summary>
    internal static Right<Token> View { get; } = new("see the token", Own(), Clauses.Of<Token>(Role.Administrator));

    /// <summary>To have it refused from now on.</summary>
    internal static Right<Token> Revoke { get; } = new("revoke the token", View, Own(), Clauses.Of<Token>(Role.Administrator));

    private static Clause<Token> Own() => new(
        "its person", (actor, token) => actor.PersonId == token.Person, actor => $"token.person = {actor.PersonId ?? 0}");
}

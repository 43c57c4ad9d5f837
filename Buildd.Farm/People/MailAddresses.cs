using System.Data.Common;
using System.Text.RegularExpressions;
using Buildd.Farm.Store;
using Buildd.Linux.Files;
using Dapper;
using static Buildd.Farm.Store.ColumnKind;

namespace Buildd.Farm.People;

/// <summary>An address of mail of a person.</summary>
internal sealed record MailAddress
{
    /// <summary>The address, spelled as it was given; it is one address however its letters are spelled.</summary>
    public required string Address { get; init; }

    /// <summary>The person's number.</summary>
    public required long Person { get; init; }

    /// <summary>Whether mail to the person goes there. One of each person's is.</summary>
    public required bool IsPreferred { get; init; }
}

/// <summary>The columns of the table <c>address</c>.</summary>
internal static class MailAddressColumns
{
    /// <summary>All that a <see cref="MailAddress"/> has. JSON has their order, which has no meaning in the store.</summary>
    internal static IReadOnlyList<Column<MailAddress>> All { get; } =
    [
        new Column<MailAddress, string>(nameof(MailAddress.Address), Text, changes: false),
        new Column<MailAddress, long>(nameof(MailAddress.Person), Long, changes: false),
        new Column<MailAddress, bool>(nameof(MailAddress.IsPreferred), Flag, changes: true),
    ];
}

/// <summary>What can be an address, and the rows of addresses within a transaction.</summary>
internal static partial class MailAddresses
{
    /// <summary>The longest address, in characters: RFC 5321 4.5.3.1.3.</summary>
    internal const int MaxLength = 254;

    /// <summary>Whether it can be an address.</summary>
    internal static bool IsAddress(string address) => address.Length <= MaxLength && Pattern().IsMatch(address);

    /// <exception cref="FarmException">It can't be an address.</exception>
    internal static void Check(string address)
    {
        if (!IsAddress(address))
            throw FarmException.Invalid($"{FileName.Display(address)} is no address of mail, such as ada@example.org");
    }

    /// <exception cref="FarmException">It is somebody's.</exception>
    internal static async Task RequireFreeAsync(DbConnection connection, string address)
    {
        if (await FindOwnerAsync(connection, address) is not null)
            throw FarmException.Conflict($"the address {address} is somebody's already");
    }

    /// <summary>The number of the person whose address it is, however its letters are spelled; null when it is nobody's.</summary>
    internal static Task<long?> FindOwnerAsync(DbConnection connection, string address) => connection.ExecuteScalarAsync<long?>(
        "SELECT person FROM address WHERE lower(address) = @address", new { address = address.ToLowerInvariant() });

    /// <summary>Adds an address to a person's.</summary>
    internal static Task AddAsync(DbConnection connection, long person, string address, bool isPreferred) => connection.ExecuteAsync(
        "INSERT INTO address (address, person, is_preferred) VALUES (@address, @person, @isPreferred)",
        new { address, person, isPreferred });

    /// <summary>
    /// Only characters of ASCII, whose capitals both engines know, and none that would need quotation marks, which hardly an address has,
    /// or that begins another address in a header.
    /// </summary>
    [GeneratedRegex("""\A[!-~-[<>,;"()@]]+@[!-~-[<>,;"()@]]+\z""", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}

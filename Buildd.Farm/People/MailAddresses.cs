using System.Buffers;
using System.Data.Common;
using Buildd.Linux.Files;
using Dapper;

namespace Buildd.Farm.People;

/// <summary>The addresses of people; each is one person's, and one of a person's is the preferred one.</summary>
internal static class MailAddresses
{
    /// <summary>The longest address, in characters: RFC 5321 4.5.3.1.3.</summary>
    internal const int MaxLength = 254;

    /// <summary>What would need quotation marks, which hardly an address has, or begin another one in a header.</summary>
    private static readonly SearchValues<char> Forbidden = SearchValues.Create(" <>,;\"()");

    /// <exception cref="FarmException">It can't be an address.</exception>
    internal static void Check(string address)
    {
        var at = address.LastIndexOf('@');
        if (address.Length > MaxLength || at < 1 || at == address.Length - 1
            || address.AsSpan().IndexOfAny(Forbidden) >= 0 || address.AsSpan().IndexOfAnyInRange('\0', '\u001F') >= 0)
            throw FarmException.Invalid($"{FileName.Display(address)} is no address of mail, such as ada@example.org");
    }

    /// <exception cref="FarmException">It is somebody's.</exception>
    internal static async Task RequireFreeAsync(DbConnection connection, string address)
    {
        if (await connection.ExecuteScalarAsync<long>(
            "SELECT count(*) FROM address WHERE lower(address) = @address", new { address = address.ToLowerInvariant() }) != 0)
            throw FarmException.Conflict($"the address {address} is somebody's already");
    }

    /// <summary>Adds an address to a person's.</summary>
    internal static Task AddAsync(DbConnection connection, long person, string address, bool isPreferred) => connection.ExecuteAsync(
        "INSERT INTO address (address, person, is_preferred) VALUES (@address, @person, @isPreferred)",
        new { address, person, isPreferred });
}

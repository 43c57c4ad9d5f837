using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Buildd.Daemon.Security;

/// <summary>The token that requests have to bear. Only its hash is kept, so that it is in no dump and no message.</summary>
internal sealed class BearerToken
{
    /// <summary>Shorter ones can be guessed: 16 characters at random are 95 bits or more.</summary>
    internal const int MinLength = 16;

    /// <summary>Kestrel takes 32 KiB of headers in all; nobody needs as much.</summary>
    internal const int MaxLength = 1024;

    private const string Scheme = "Bearer ";

    private const string Form = "letters, digits and '-._~+/', with '=' at the end if need be";

    /// <summary>The characters of a token68, RFC 7235 section 2.1.</summary>
    private static readonly SearchValues<char> Characters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/");

    private readonly byte[] _hash;

    private BearerToken(string token) => _hash = SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>
    /// Reads the file; null when it can't be used, and then <paramref name="mistakes"/> has the reason, without the token.
    /// </summary>
    internal static BearerToken? Read(string path, ICollection<string> mistakes)
    {
        if (SecretFile.Read(SecurityKeys.TokenFile, path, isSecret: true, mistakes) is not { } text)
            return null;
        var token = text.Trim('\n', '\r', ' ', '\t');
        if (token.Length is < MinLength or > MaxLength)
            mistakes.Add(
                $"{SecurityKeys.TokenFile}: the token in '{path}' has {token.Length} characters; it has to have from {MinLength} to "
                    + $"{MaxLength}");
        else if (token.TrimEnd('=').AsSpan().ContainsAnyExcept(Characters))
            mistakes.Add($"{SecurityKeys.TokenFile}: '{path}' has to hold one token and nothing else: {Form}");
        else
            return new BearerToken(token);
        return null;
    }

    /// <summary>
    /// Whether the values of a request's <c>Authorization</c> are this token. Takes the same time however much of it is right.
    /// </summary>
    internal bool IsIn(StringValues authorization)
    {
        if (authorization is not [{ } value] || !value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return false;
        var presented = value.AsSpan(Scheme.Length).Trim(' ');
        if (presented.Length > MaxLength)
            return false;

        // Hashes have one length, so that the comparison does not tell that of the token.
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(presented.ToString()), hash);
        return CryptographicOperations.FixedTimeEquals(hash, _hash);
    }
}

using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Buildd.Protocol;

/// <summary>
/// The SHA-1 of a file. Its text, 40 hexadecimal digits in lower case, is what the protocol and JSON have and the file's name in a slave's
/// cache; so it can always become part of a path.
/// </summary>
/// <remarks>
/// Messages hold sums as text, since what a peer sent may be anything and is answered in words of its own. A text in upper case is not a
/// sum: the original compares texts, and no file of its cache has such a name.
/// </remarks>
[JsonConverter(typeof(Sha1JsonConverter))]
public readonly record struct Sha1 : ISpanParsable<Sha1>
{
    /// <summary>The number of digits.</summary>
    public const int Digits = 2 * Bytes;

    private const int Bytes = 20;
    private const int FirstBytes = 16;

    private readonly UInt128 _first;
    private readonly uint _rest;

    /// <summary>Takes what a hash function has computed.</summary>
    /// <param name="hash">20 bytes.</param>
    /// <exception cref="ArgumentException">It has another length.</exception>
    public Sha1(ReadOnlySpan<byte> hash)
    {
        if (hash.Length != Bytes)
            throw new ArgumentException($"A SHA-1 has {Bytes} bytes, and not {hash.Length}.", nameof(hash));
        _first = BinaryPrimitives.ReadUInt128BigEndian(hash);
        _rest = BinaryPrimitives.ReadUInt32BigEndian(hash[FirstBytes..]);
    }

    /// <summary>Reads 40 hexadecimal digits in lower case.</summary>
    /// <exception cref="FormatException">The text is something else.</exception>
    public static Sha1 Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var sha1)
            ? sha1
            : throw new FormatException($"The text is not a SHA-1, which has {Digits} hexadecimal digits in lower case.");

    /// <summary>Reads 40 hexadecimal digits in lower case.</summary>
    /// <returns>Whether the text is that.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out Sha1 sha1)
    {
        sha1 = default;
        if (text.Length != Digits)
            return false;
        foreach (var c in text)
        {
            if (!char.IsAsciiHexDigitLower(c))
                return false;
        }

        Span<byte> hash = stackalloc byte[Bytes];
        Convert.FromHexString(text, hash, out _, out _);
        sha1 = new Sha1(hash);
        return true;
    }

    /// <inheritdoc/>
    public static Sha1 Parse(ReadOnlySpan<char> s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out Sha1 result) => TryParse(s, out result);

    /// <inheritdoc/>
    public static Sha1 Parse(string s, IFormatProvider? provider) => Parse(s.AsSpan());

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out Sha1 result) => TryParse(s, out result);

    /// <summary>Returns 40 hexadecimal digits in lower case.</summary>
    public override string ToString()
    {
        Span<byte> hash = stackalloc byte[Bytes];
        BinaryPrimitives.WriteUInt128BigEndian(hash, _first);
        BinaryPrimitives.WriteUInt32BigEndian(hash[FirstBytes..], _rest);
        return Convert.ToHexStringLower(hash);
    }
}

/// <summary>Has sums as text in JSON.</summary>
public sealed class Sha1JsonConverter : JsonConverter<Sha1>
{
    /// <inheritdoc/>
    /// <exception cref="JsonException">The value is not a SHA-1.</exception>
    public override Sha1 Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Sha1.TryParse(reader.GetString(), out var sha1)
            ? sha1
            : throw new JsonException($"A SHA-1 has {Sha1.Digits} hexadecimal digits in lower case.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Sha1 value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStringValue(value.ToString());
    }
}

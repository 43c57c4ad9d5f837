using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Buildd.Linux.Text;

namespace Buildd.Debian.Keys;

/// <summary>
/// OpenPGP public keys (RFC 9580) in the form that apt's <c>trusted.gpg.d/*.gpg</c> has: one packet after the other, without
/// armour. Nothing is verified: a key ring says what is trusted, and whoever sends it is.
/// </summary>
/// <remarks>
/// Packets are <c>TAG LENGTH BODY</c> with a length of the old form (0, 1 or 2 bits of the tag for 1, 2, 4 bytes) or the new one
/// (1, 2 or 5 bytes). A packet in parts, or of an unknown length, holds data and no key.
/// </remarks>
public sealed record KeyRing
{
    private const int PublicKeyTag = 6;
    private const int UserIdTag = 13;

    /// <summary>What a public key ring is made of: signature, public key, marker, trust, user, subkey, attribute, padding.</summary>
    private static readonly int[] PublicTags = [2, PublicKeyTag, 10, 12, UserIdTag, 14, 17, 21];

    /// <summary>
    /// The first tag that is not critical and the last that gpg passes over: packets for uses of one's own, which who does not know
    /// them ignores (RFC 9580, 4.3).
    /// </summary>
    private const int FirstIgnoredTag = 40;
    private const int LastIgnoredTag = 62;

    /// <summary>
    /// The last tag that a file can begin with. What looks like a higher one is a letter of a text in which armour may stand.
    /// </summary>
    private const int LastFirstTag = 19;

    /// <summary>Secret keys and subkeys.</summary>
    private static readonly int[] SecretTags = [5, 7];

    private KeyRing()
    {
    }

    /// <summary>The packets, without armour.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>The keys; at least one.</summary>
    public required IReadOnlyList<PublicKey> Keys { get; init; }

    /// <summary>Reads keys, armoured or not; several armoured blocks may stand behind each other.</summary>
    /// <exception cref="KeyRingException">That is no public key, or there is something else with it.</exception>
    public static KeyRing Read(ReadOnlyMemory<byte> content)
    {
        var bytes = content.Span is [>= 0x80 and var first, ..] && TagOf(first) <= LastFirstTag ? content : Armour.Remove(content.Span);
        return new KeyRing { Bytes = bytes, Keys = ReadKeys(bytes.Span) };
    }

    private static List<PublicKey> ReadKeys(ReadOnlySpan<byte> bytes)
    {
        var keys = new List<(string Fingerprint, List<string> UserIds)>();
        while (!bytes.IsEmpty)
        {
            var (tag, body) = ReadPacket(ref bytes);
            if (SecretTags.Contains(tag))
                throw new KeyRingException("there is a secret key in it, which nobody but its owner may have");
            if (!PublicTags.Contains(tag) && tag is not (>= FirstIgnoredTag and <= LastIgnoredTag))
                throw new KeyRingException($"there is a packet of kind {tag} in it, which belongs to no public key");
            if (tag == PublicKeyTag)
                keys.Add((Fingerprint(body), []));
            else if (tag == UserIdTag && keys.Count > 0)
                keys[^1].UserIds.Add(Printable.Line(Encoding.UTF8.GetString(body)));
        }

        return keys.Count > 0
            ? [.. keys.Select(key => new PublicKey(key.Fingerprint, key.UserIds))]
            : throw new KeyRingException("there is no OpenPGP public key in it");
    }

    private static (int Tag, byte[] Body) ReadPacket(ref ReadOnlySpan<byte> bytes)
    {
        var first = bytes[0];
        if (first < 0x80)
            throw new KeyRingException("what is there is no OpenPGP packet");
        var tag = TagOf(first);
        var (head, length) = IsNew(first) ? NewLength(bytes) : OldLength(bytes);
        if (length > bytes.Length - head)
            throw new KeyRingException("it ends in the middle of a packet");
        var body = bytes.Slice(head, (int)length).ToArray();
        bytes = bytes[(head + (int)length)..];
        return (tag, body);
    }

    private static bool IsNew(byte first) => (first & 0x40) != 0;

    private static int TagOf(byte first) => IsNew(first) ? first & 0x3F : (first >> 2) & 0x0F;

    private static (int Head, long Length) OldLength(ReadOnlySpan<byte> bytes) => (bytes[0] & 3) switch
    {
        0 when bytes.Length > 1 => (2, bytes[1]),
        1 when bytes.Length > 2 => (3, BinaryPrimitives.ReadUInt16BigEndian(bytes[1..])),
        2 when bytes.Length > 4 => (5, BinaryPrimitives.ReadUInt32BigEndian(bytes[1..])),
        3 => throw new KeyRingException("there is a packet without a length in it, which belongs to no public key"),
        _ => Truncated(),
    };

    private static (int Head, long Length) NewLength(ReadOnlySpan<byte> bytes) => bytes.Length < 2 ? Truncated() : bytes[1] switch
    {
        < 192 => (2, bytes[1]),
        < 224 when bytes.Length > 2 => (3, ((bytes[1] - 192) << 8) + bytes[2] + 192),
        255 when bytes.Length > 5 => (6, BinaryPrimitives.ReadUInt32BigEndian(bytes[2..])),
        >= 224 and < 255 => throw new KeyRingException("there is a packet in parts in it, which belongs to no public key"),
        _ => Truncated(),
    };

    private static (int, long) Truncated() => throw new KeyRingException("it ends in the middle of a packet");

    /// <summary>RFC 9580, 5.5.4: a sum over the packet as it would be with a length of a fixed form.</summary>
    [SuppressMessage(
        "Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "It is what a fingerprint of version 4 is.")]
    private static string Fingerprint(byte[] body)
    {
        switch (body)
        {
            case [4, ..] when body.Length <= ushort.MaxValue:
                return Convert.ToHexString(SHA1.HashData([0x99, (byte)(body.Length >> 8), (byte)body.Length, .. body]));
            case [5 or 6, ..]:
                var head = new byte[5];
                head[0] = (byte)(body[0] == 5 ? 0x9A : 0x9B);
                BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(1), body.Length);
                return Convert.ToHexString(SHA256.HashData([.. head, .. body]));
            case [2 or 3, ..]:
                return "";
            default:
                throw new KeyRingException("there is a key of an unknown version in it");
        }
    }
}

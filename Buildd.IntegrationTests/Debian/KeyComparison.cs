using System.Text;
using Buildd.Debian.Keys;

namespace Buildd.IntegrationTests.Debian;

/// <summary>Where our reader of keys and gpg differ, and why they are to; and what ours makes of an input.</summary>
internal static class KeyComparison
{
    internal static readonly Disagreement[] Files =
    [
        new(
            "the empty line before the base64 is missing: gpg complains and reads the key, and so does apt",
            input => input.TheyRefuse("invalid armor header: ") && input.Theirs.Reason.Contains("\nfpr:", StringComparison.Ordinal)),
        new(
            "gpg takes the line at the end for base64 where neither padding nor a checksum stands before it, as RFC 9580 has it",
            input => input.TheyRefuse("invalid radix64 character 2D skipped")),
        new(
            "what is damaged within a packet, and has no checksum, is refused by apt's gpgv when it reads the key",
            input => input.TheyRefuse("read_block: read error: Invalid packet")),
        new("it was cut off on its way: gpg takes the beginning of a key for one", input => input.WeRefuse("in the middle of a packet")),
    ];

    internal static Reading Read(string text) => Reading.Of(() =>
        string.Join(' ', KeyRing.Read(Encoding.Latin1.GetBytes(text)).Keys.Select(key => key.Fingerprint)));
}

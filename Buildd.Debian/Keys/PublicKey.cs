namespace Buildd.Debian.Keys;

/// <summary>A public key of a key ring.</summary>
/// <param name="Fingerprint">Its fingerprint in capital hexadecimal digits; of keys of version 3, which have another kind, empty.</param>
/// <param name="UserIds">Whose it says it is; from outside, so characters that would break a line are question marks.</param>
public sealed record PublicKey(string Fingerprint, IReadOnlyList<string> UserIds);

using System.Security.Cryptography;
using System.Text;

namespace Buildd.IntegrationTests.Wire.Scenarios;

/// <summary>
/// Files of the reference's builds whose content is not in the recordings. Others stand for them, and their sums for the
/// recorded ones: in what is sent, and in what is compared. All have 40 digits, so that lengths stay.
/// </summary>
internal static class StandIns
{
    internal const string Changes = "stands for hello_1.0-1_amd64.changes";
    internal const string LiveManifest = "stands for livecd.ubuntu.manifest";
    internal const string Orig = "stands for hello_1.0.orig.tar.gz";

    private static readonly (string Recorded, string Content)[] Table =
    [
        ("9f3b204e84ea37ae5b43090eede3519e4318593f", Changes),
        ("e7d23e7d648fe172507ef674669a521f5ca5ef9e", LiveManifest),
        ("e5001001920412dad2e71adca253d83616071f70", Orig),
    ];

    internal static string Sha1Of(string content) =>
        Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.SHA1, Encoding.UTF8.GetBytes(content)));

    /// <summary>The recorded bytes with our sums in them.</summary>
    internal static byte[] PutInto(byte[] recorded)
    {
        var text = Encoding.Latin1.GetString(recorded);
        foreach (var (sum, content) in Table)
            text = text.Replace(sum, Sha1Of(content), StringComparison.Ordinal);
        return Encoding.Latin1.GetBytes(text);
    }
}

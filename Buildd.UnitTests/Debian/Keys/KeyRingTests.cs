using System.Globalization;
using System.Text;
using Buildd.Debian.Keys;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Debian.Keys;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class KeyRingTests
{
    /// <summary>A public key of version 4 that is too short to be used, and whose it is.</summary>
    private static readonly byte[] Small = [0x98, 6, 4, 1, 2, 3, 4, 5, 0xB4, 2, (byte)'A', (byte)'\n'];

    /// <summary>What the armour of it has behind the equals sign.</summary>
    private const string Sum = "uehA";

    private static string Armoured => "text\n-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: 1\n\n" + Convert.ToBase64String(
        Small) + "\n-----END PGP PUBLIC KEY BLOCK-----\n";

    [Test]
    public void A_key_has_its_fingerprint_and_whose_it_is_in_one_line()
    {
        var ring = KeyRing.Read(Small);

        Assert.That(ring.Keys.Single().Fingerprint, Has.Length.EqualTo(40));
        Assert.That(ring.Keys.Single().UserIds, Is.EqualTo((string[])["A?"]));
        Assert.That(ring.Bytes.ToArray(), Is.EqualTo(Small));
    }

    [Test]
    public void Armour_is_taken_off_of_every_block()
    {
        var ring = KeyRing.Read(Encoding.ASCII.GetBytes(Armoured + Armoured.ReplaceLineEndings("\r\n")));

        Assert.That(ring.Bytes.ToArray(), Is.EqualTo((byte[])[.. Small, .. Small]));
        Assert.That(ring.Keys, Has.Count.EqualTo(2));
    }

    /// <summary>Armour of the small key, whose base64 is mAYEAQIDBAW0AkEK and whose checksum is <see cref="Sum"/>.</summary>
    [TestCase("Comment:\nVersion: \n\nmAYEAQIDBAW0AkEK\n=SUM\nEND")]
    [TestCase(" Comment:\r\n\r\nmAYEAQIDBAW0AkEK\r\nEND")]
    [TestCase("X-Own: a:b\n \t\n mAYE AQID\t\n\nBAW0AkEK\n=SUM\nEND")]
    [TestCase("\nmAYEAQIDBAW0AkEK=SUM")]
    [TestCase("\nmAYEAQIDBAW0AkEK==\n\n=SUMx\n-- \n")]
    [TestCase("\nmAYEAQIDBAW0AkEK=\n-----END of it-----")]
    public void Armour_is_read_as_gpg_reads_it(string rest)
    {
        var text = "a text\n-----BEGIN PGP PUBLIC KEY BLOCK----- \t\n"
            + rest.Replace("SUM", Sum, StringComparison.Ordinal)
                .Replace("\nEND", "\n-----END PGP PUBLIC KEY BLOCK-----", StringComparison.Ordinal);

        Assert.That(KeyRing.Read(Encoding.ASCII.GetBytes(text)).Bytes.ToArray(), Is.EqualTo(Small));
    }

    [Test]
    public void Text_before_the_armour_may_begin_with_a_letter_that_is_not_ASCII() =>
        Assert.That(KeyRing.Read((byte[])[0xE4, .. "\n"u8, .. Encoding.ASCII.GetBytes(Armoured)]).Bytes.ToArray(), Is.EqualTo(Small));

    [Test]
    public void Packets_for_other_uses_are_handed_on_and_ignored() =>
        Assert.That(KeyRing.Read((byte[])[.. Small, 0xFC, 1, 0]).Bytes.Length, Is.EqualTo(Small.Length + 3));

    [TestCase("", "no OpenPGP public key")]
    [TestCase("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmAYEAQIDBAU=\n=AAA\n-----END PGP PUBLIC KEY BLOCK-----\n", "checksum")]
    [TestCase("-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment:x\n\nmAYEAQIDBAU=\n-----END PGP PUBLIC KEY BLOCK-----\n", "not base64")]
    [TestCase("nonsense", "no OpenPGP public key")]
    [TestCase("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmAYE", "no end")]
    [TestCase("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n*\n-----END PGP PUBLIC KEY BLOCK-----\n", "not base64")]
    [TestCase("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmAYEAQIDBAU=\n=AAAA\n-----END PGP PUBLIC KEY BLOCK-----\n", "checksum")]
    [TestCase("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nmAYEAQIDBAU=\n-----END PGP PRIVATE KEY BLOCK-----\n", "no OpenPGP public key")]
    public void Text_that_is_no_key_is_refused(string text, string reason) =>
        Assert.That(() => KeyRing.Read(Encoding.ASCII.GetBytes(text)), Throws.TypeOf<KeyRingException>().With.Message.Contains(reason));

    [TestCase("98", "in the middle")]
    [TestCase("9806040102", "in the middle")]
    [TestCase("990006040102", "in the middle")]
    [TestCase("9AFFFFFFFF04", "in the middle")]
    [TestCase("C6", "in the middle")]
    [TestCase("C6FF0000", "in the middle")]
    [TestCase("C6C0", "in the middle")]
    [TestCase("C6E104", "in parts")]
    [TestCase("9B04", "without a length")]
    [TestCase("940104", "secret key")]
    [TestCase("C50104", "secret key")]
    [TestCase("AC0104", "kind 11")]
    [TestCase("980109", "unknown version")]
    [TestCase("9800", "unknown version")]
    [TestCase("B40141", "no OpenPGP public key")]
    [TestCase("98060401020304050A", "no OpenPGP packet")]
    public void Bytes_that_are_no_key_are_refused(string bytes, string reason) =>
        Assert.That(() => KeyRing.Read(Convert.FromHexString(bytes)), Throws.TypeOf<KeyRingException>().With.Message.Contains(reason));

    [TestCase("C606040102030405", 40)]
    [TestCase("C606060102030405", 64)]
    [TestCase("C606050102030405", 64)]
    [TestCase("C606030102030405", 0)]
    public void Every_version_of_a_key_has_its_kind_of_fingerprint(string bytes, int digits) =>
        Assert.That(KeyRing.Read(Convert.FromHexString(bytes)).Keys.Single().Fingerprint, Has.Length.EqualTo(digits));

    [Test]
    public void Every_beginning_of_a_key_ring_is_refused_or_read()
    {
        for (var length = 0; length < Armoured.Length; length++)
        {
            try
            {
                KeyRing.Read(Encoding.ASCII.GetBytes(Armoured[..length]));
                Assert.That(length, Is.EqualTo(Armoured.Length - 1), "only the line end is missing");
            }
            catch (KeyRingException)
            {
                // as it should
            }
        }
    }

    [Test]
    public async Task The_fingerprints_and_the_packets_are_those_of_gpg(CancellationToken cancellationToken)
    {
        const string Keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
        Machine.Require(File.Exists(Keyring) && File.Exists("/usr/bin/gpg"), "gpg and debian-archive-keyring");
        using var home = new TemporaryDirectory();
        Command Gpg(params string[] arguments) => Command.Of("gpg", ["--homedir", home.Path, "--batch", "--no-tty", .. arguments]);
        var listed = await ProcessRunner.CaptureAsync(Gpg("--with-colons", "--show-keys", Keyring), cancellationToken);
        await ProcessRunner.CaptureAsync(Gpg("--output", home["armoured"], "--enarmor", Keyring), cancellationToken);
        var armoured = (await File.ReadAllTextAsync(home["armoured"], cancellationToken))
            .Replace("PGP ARMORED FILE", "PGP PUBLIC KEY BLOCK", StringComparison.Ordinal);

        var bare = KeyRing.Read(await File.ReadAllBytesAsync(Keyring, cancellationToken));
        var dearmoured = KeyRing.Read(Encoding.ASCII.GetBytes(armoured));

        // Of the lines that begin with pub, sub or fpr: a fingerprint follows its key.
        var lines = listed.Split('\n').Select(line => line.Split(':')).Where(fields => fields[0] is "pub" or "sub" or "fpr").ToList();
        var primary = lines.Zip(lines.Skip(1)).Where(pair => pair.First[0] == "pub").Select(pair => pair.Second[9]);
        Assert.That(bare.Keys.Select(key => key.Fingerprint), Is.EquivalentTo(primary));
        Assert.That(bare.Keys.SelectMany(key => key.UserIds).First(), Does.Contain("Debian").Or.Contain("Archive"));
        Assert.That(
            dearmoured.Bytes.Span.SequenceEqual(bare.Bytes.Span), Is.True,
            string.Create(CultureInfo.InvariantCulture, $"{dearmoured.Bytes.Length} bytes"));
    }
}

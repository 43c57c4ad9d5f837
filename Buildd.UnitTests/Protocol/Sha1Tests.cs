using System.Security.Cryptography;
using System.Text.Json;
using Buildd.Protocol;
using NUnit.Framework;

namespace Buildd.UnitTests.Protocol;

[Parallelizable(ParallelScope.All)]
public sealed class Sha1Tests
{
    private const string Text = "0123456789abcdef0123456789abcdef01234567";

    [TestCase(Text)]
    [TestCase("0000000000000000000000000000000000000000")]
    [TestCase("ffffffffffffffffffffffffffffffffffffffff")]
    [TestCase("0000000000000000000000000000000000000001")]
    [TestCase("8000000000000000000000000000000000000000")]
    public void Forty_digits_are_read_and_written_the_same(string text)
    {
        Assert.That(Sha1.Parse(text).ToString(), Is.EqualTo(text));
        Assert.That(Sha1.TryParse(text, out var sha1) && sha1 == Sha1.Parse(text));
    }

    [TestCase("")]
    [TestCase("no sum")]
    [TestCase("buildlog")]
    [TestCase("/tmp/outside")]
    [TestCase("../3456789abcdef0123456789abcdef01234567")]
    [TestCase("0123456789abcdef0123456789abcdef0123456")]
    [TestCase("0123456789abcdef0123456789abcdef012345678")]
    [TestCase("da39a3ee5e6b4b0d3255bfef95601890afd8070")]
    [TestCase("DA39A3EE5E6B4B0D3255BFEF95601890AFD80709")]
    [TestCase("0123456789ABCDEF0123456789abcdef01234567")]
    [TestCase("0123456789abcdeg0123456789abcdef01234567")]
    [TestCase("0123456789abcdef0123456789abcdef0123456\n")]
    [TestCase("٠123456789abcdef0123456789abcdef01234567")]
    public void Nothing_else_is_one(string text)
    {
        Assert.That(Sha1.TryParse(text, out _), Is.False);
        Assert.That(() => Sha1.Parse(text), Throws.TypeOf<FormatException>());
        Assert.That(
            () => JsonSerializer.Deserialize<Sha1>(JsonSerializer.Serialize(text)), Throws.InstanceOf<JsonException>());
    }

    [Test]
    public void Sums_of_the_same_bytes_are_equal()
    {
        var hash = CryptographicOperations.HashData(HashAlgorithmName.SHA1, "content"u8);

        Assert.That(new Sha1(hash), Is.EqualTo(Sha1.Parse(Convert.ToHexStringLower(hash))));
        Assert.That(new Sha1(hash), Is.Not.EqualTo(new Sha1([.. hash[..^1], (byte)(hash[^1] ^ 1)])));
        Assert.That(new Sha1(hash), Is.Not.EqualTo(new Sha1([(byte)(hash[0] ^ 1), .. hash[1..]])));
    }

    [TestCase(19)]
    [TestCase(21)]
    public void A_hash_has_twenty_bytes(int length) =>
        Assert.That(() => new Sha1(new byte[length]), Throws.ArgumentException);

    [Test]
    public void In_JSON_it_is_text()
    {
        Assert.That(JsonSerializer.Serialize(Sha1.Parse(Text)), Is.EqualTo($"\"{Text}\""));
        Assert.That(JsonSerializer.Deserialize<Sha1>($"\"{Text}\""), Is.EqualTo(Sha1.Parse(Text)));
        Assert.That(() => JsonSerializer.Deserialize<Sha1>("1"), Throws.InstanceOf<JsonException>());
    }

    [Test]
    public void It_is_parsed_as_numbers_are()
    {
        Assert.That(Parsed<Sha1>(Text), Is.EqualTo(Sha1.Parse(Text)));
        Assert.That(Sha1.TryParse((string?)null, null, out _), Is.False);

        static T Parsed<T>(string text)
            where T : ISpanParsable<T> => T.Parse(text.AsSpan(), null);
    }
}

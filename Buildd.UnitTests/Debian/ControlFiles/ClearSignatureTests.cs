using NUnit.Framework;
using static Buildd.UnitTests.Debian.DebianData;

namespace Buildd.UnitTests.Debian.ControlFiles;

[Parallelizable(ParallelScope.All)]
public sealed class ClearSignatureTests
{
    private const string Head = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n";
    private const string Tail = "-----BEGIN PGP SIGNATURE-----\n\nabc=\n=1234\n-----END PGP SIGNATURE-----\n";

    [Test]
    public void A_signature_is_taken_off_and_lines_keep_their_numbers()
    {
        var paragraph = Parse(Head + "Source: hello\nVersion: 1\n\n" + Tail).Single();

        Assert.That(paragraph.Fields.Select(field => field.Name), Is.EqualTo(["Source", "Version"]));
        Assert.That(paragraph.Line, Is.EqualTo(4));
    }

    [Test]
    public void It_may_have_Windows_line_ends() =>
        Assert.That(Parse((Head + "A: 1\n" + Tail).ReplaceLineEndings("\r\n")).Single()["A"], Is.EqualTo("1"));

    [Test]
    public void Dashes_that_the_signer_escaped_are_restored() =>
        Assert.That(MistakeIn(() => Parse(Head + "- -A: 1\n" + Tail)).Mistake, Does.Contain("\"-A\""));

    [Test]
    public void Text_after_the_signature_is_passed_over_as_dpkg_does()
    {
        var paragraph = Parse(Head + "A: 1\n" + Tail + "-- \nB: 2\n\nfooter of the list\n").Single();

        Assert.That(paragraph.Fields.Select(field => field.Name), Is.EqualTo(["A"]));
    }

    [Test]
    public void Comments_may_stand_before_the_signed_part() =>
        Assert.That(Parse("# from the list\n\n" + Head + "A: 1\n" + Tail).Single()["A"], Is.EqualTo("1"));

    [Test]
    public void Text_before_the_signed_part_is_refused() =>
        Assert.That(MistakeIn(() => Parse("A: 1\n" + Head + "B: 2\n" + Tail)).Line, Is.EqualTo(2));

    [TestCase("")]
    [TestCase("Source: hello\n")]
    [TestCase("Source: hello\n-----BEGIN PGP SIGNATURE-----\n")]
    public void A_truncated_signature_is_refused(string rest) =>
        Assert.That(MistakeIn(() => Parse(Head + rest)).Mistake, Does.Contain("middle of its signature"));

    [Test]
    public void A_second_signed_message_is_refused()
    {
        var exception = MistakeIn(() => Parse(Head + "A: 1\n" + Tail + "\n" + Head + "A: 2\n" + Tail));

        Assert.That(exception.Mistake, Does.Contain("second signed message begins after the signature"));
        Assert.That(exception.Line, Is.EqualTo(11));
    }
}

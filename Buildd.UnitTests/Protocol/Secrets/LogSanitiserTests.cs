using System.Text;
using Buildd.Protocol.Secrets;
using Buildd.Slave.Logs;
using Buildd.Testing.Runs;
using Buildd.UnitTests.Slave.Logs;
using Buildd.UnitTests.Testing;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;

namespace Buildd.UnitTests.Protocol.Secrets;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LogSanitiserTests
{
    /// <summary>Pieces that make rules and secrets meet: halves, overlaps, ends of lines.</summary>
    private static readonly string[] Snippets =
    [
        "://", ":", "/", "@", ",proxyauth=", ",", "proxy", "auth=", "a", "user", "s3cret", "s3", "cret", "tok", " ", "\n", "\r", "\r\n",
        "-", "abab", "ab", "aba", "\u00fc", "\0", "://u:p@h", ",proxyauth=u:t-0", "://u:s3cret@", "***",
    ];

    private static readonly string[] Secrets = ["s3cret", "cret://", "abab", "babaab", "tok@", "user:s3", "t\nsecond"];

    [TestCase("http://user:secret@h/", "http://h/")]
    [TestCase("http://:tok@h/", "http://h/")]
    [TestCase("http://user@h/", "http://user@h/")]
    [TestCase("http://user:@h/", "http://user:@h/")]
    [TestCase("http://user:a:b@h/", "http://user:a:b@h/")]
    [TestCase("http://user:a/b@h/", "http://user:a/b@h/")]
    [TestCase("http://h:80 text@x", "http://x")]
    [TestCase("http://u:p@", "http://u:p@")]
    [TestCase("http://u:p@ x", "http://u:p@ x")]
    [TestCase("http://u:p@\nx", "http://u:p@\nx")]
    [TestCase("http://u:p\n@x", "http://u:p\n@x")]
    [TestCase("http://u:p\r@x", "http://u:p\r@x")]
    [TestCase("http://u:p@@x", "http://@x")]
    [TestCase("http://u:p@v:q@x", "http://v:q@x", TestName = "One_pass_as_the_reference")]
    [TestCase("://a:b@c and ://d:e@f://g:h@i", "://c and ://f://i")]
    [TestCase("://://u:p@h", "://://h")]
    [TestCase(":////u:p@h", ":////u:p@h")]
    [TestCase("a,proxyauth=u:0a-Z,b", "a,b")]
    [TestCase("a,proxyauth=u:0a-Z_b", "a_b")]
    [TestCase("a,proxyauth=:t", "a,proxyauth=:t")]
    [TestCase("a,proxyauth=u:_", "a,proxyauth=u:_")]
    [TestCase("a,proxyauth=u:", "a,proxyauth=u:")]
    [TestCase("a,proxyauth=u", "a,proxyauth=u")]
    [TestCase("a,proxyauth=u\n:t", "a,proxyauth=u\n:t")]
    [TestCase(",proxyauth=u v:t", "")]
    [TestCase(",proxyauth=,proxyauth=u:t", "")]
    [TestCase(",proxyauth=http://u:p@h", ",proxyauth=http://h")]
    [TestCase("://,proxyauth=u:t@h", "://h")]
    [TestCase("://u,proxyauth=v:t", "://u")]
    [TestCase("trailing :", "trailing :")]
    [TestCase("trailing ,proxya", "trailing ,proxya")]
    [TestCase("", "")]
    public void The_two_rules_of_the_reference(string input, string output)
    {
        Assert.That(Sanitising.Text(input), Is.EqualTo(output));
        Assert.That(Sanitising.Pieces(input.Select(c => c.ToString())), Is.EqualTo(output), "byte by byte");
        Assert.That(Sanitising.Plainly(input), Is.EqualTo(output), "the plain one that others are compared with");
    }

    [TestCase("a s3cret b", "a *** b")]
    [TestCase("s3cret", "***")]
    [TestCase("s3crets3cret", "***", TestName = "Two_that_touch_are_one")]
    [TestCase("s3cret s3cret", "*** ***")]
    [TestCase("s3cre", "s3cre")]
    [TestCase("s3cres3cret", "s3cre***")]
    [TestCase("s3cret://x", "***x", TestName = "What_overlaps_is_removed_to_its_end")]
    [TestCase("ababab", "***")]
    [TestCase("://u:s3cret@h", "://h")]
    [TestCase("://u:p@s3cret", "://***")]
    [TestCase("s3,proxyauth=u:t\u00fccret", "s3\u00fccret")]
    [TestCase("s3://u:p@cret", "s3://cret")]
    [TestCase("first\nsecond", "firs***")]
    public void Known_secrets_become_a_mark(string input, string output)
    {
        Assert.That(Sanitising.Text(input, Secrets), Is.EqualTo(output));
        Assert.That(Sanitising.Pieces(input.Select(c => c.ToString()), Secrets), Is.EqualTo(output), "byte by byte");
        Assert.That(Sanitising.Plainly(input, Secrets), Is.EqualTo(output), "the plain one that others are compared with");
    }

    [Test]
    public void A_secret_that_the_rules_put_together_is_removed() =>
        Assert.That(Sanitising.Text("abc,proxyauth=u:t_def", "abc_def"), Is.EqualTo("***"));

    [Test]
    [Category(LongRun.Category)]
    public void Any_text_in_any_pieces_comes_out_as_the_plain_rules_say() => ForAll(
        from pieces in Gen.Elements(Snippets).ListOf().Select(string.Concat).ListOf()
        from known in Gen.Elements(Secrets).ListOf()
        select (Pieces: pieces.ToArray(), Known: known.ToArray()),
        row => Assert.That(Sanitising.Pieces(row.Pieces, row.Known), Is.EqualTo(Sanitising.Plainly(string.Concat(row.Pieces), row.Known))));

    [Test]
    [Category(LongRun.Category)]
    public void Any_bytes_in_any_pieces_come_out_as_in_one() => ForAll(
        from bytes in Gen.Elements(Snippets.SelectMany(s => s).ToArray()).ArrayOf().Select(chars => new string(chars))
        from sizes in Gen.Choose(1, 7).ListOf()
        select (bytes, sizes),
        row =>
        {
            var (pieces, at) = (new List<string>(), 0);
            foreach (var size in row.sizes.TakeWhile(size => at + size <= row.bytes.Length))
                pieces.Add(row.bytes[at..(at += size)]);
            pieces.Add(row.bytes[at..]);
            Assert.That(Sanitising.Pieces(pieces, Secrets), Is.EqualTo(Sanitising.Text(row.bytes, Secrets)));
        });

    [Test]
    [Category(LongRun.Category)]
    public void No_known_secret_ever_comes_out() => ForAll(
        Gen.Elements(Snippets.Where(s => s != "***").Concat(Secrets).ToArray()).ListOf().Select(string.Concat).ListOf()
            .Select(pieces => pieces.ToArray()),
        pieces =>
        {
            var output = Sanitising.Pieces(pieces, Secrets);
            Assert.That(Secrets.Where(secret => output.Contains(secret, StringComparison.Ordinal)), Is.Empty);
        });

    [Test]
    public void What_can_be_no_secret_is_passed_on_at_once()
    {
        var sanitiser = Sanitising.Create("s3cret");

        Assert.That(Next("half a line"), Is.EqualTo("half a line"));
        Assert.That(Next(" http://user"), Is.EqualTo(" http"), "the user of a URL, perhaps");
        Assert.That(Next(".example/x"), Is.EqualTo("://user.example/x"));
        Assert.That(Next(" s3c"), Is.EqualTo(" "), "the beginning of a secret, perhaps");
        Assert.That(Next("x"), Is.EqualTo("s3cx"));

        string Next(string piece) => Encoding.Latin1.GetString(sanitiser.Process(Encoding.Latin1.GetBytes(piece)));
    }

    [TestCase(CredentialFilter.MaxCredentialBytes, true)]
    [TestCase(CredentialFilter.MaxCredentialBytes + 1, false)]
    public void A_credential_has_a_longest_length(int length, bool isRemoved)
    {
        var url = "http://user:" + new string('x', length - "user:@".Length) + "@h";

        foreach (var size in (int[])[url.Length, 1000, 1])
            Assert.That(Sanitising.Pieces(url.Chunk(size).Select(piece => new string(piece))), Is.EqualTo(isRemoved ? "http://h" : url));
    }

    [Test]
    public void A_candidate_that_never_ends_is_let_go_and_a_secret_in_it_is_not()
    {
        var output = Sanitising.Pieces(
            ["http://", .. Enumerable.Repeat(new string('x', 999), 100), "s3cret", .. Enumerable.Repeat("y", 1000), ":p@h"], "s3cret");

        Assert.That(output, Is.EqualTo("http://" + new string('x', 99_900) + "***" + new string('y', 1000) + ":p@h"));
    }

    [TestCase("http://")]
    [TestCase(",proxyauth=")]
    public void Only_so_much_is_held_back_whatever_comes(string beginning)
    {
        var sanitiser = Sanitising.Create(new string('x', 100_000));
        var (written, passed) = (0, 0);
        for (var i = 0; i < 100; i++)
        {
            var piece = i == 0 ? beginning : new string('z', 500) + new string('x', 500);
            written += piece.Length;
            passed += sanitiser.Process(Encoding.Latin1.GetBytes(piece)).Length;
            Assert.That(written - passed, Is.LessThanOrEqualTo(LogSanitiser.MaxHeldBytes));
        }

        Assert.That(passed, Is.GreaterThan(0));
    }

    [Test]
    public void A_secret_of_any_length_is_removed_whole()
    {
        var random = new Random(7);
        var secret = string.Concat(Enumerable.Range(0, 10_000).Select(_ => (char)random.Next('a', 'z' + 1)));
        var text = $"before {secret} after";

        foreach (var size in (int[])[text.Length, 4096, 100, 1])
            Assert.That(Sanitising.Pieces(text.Chunk(size).Select(piece => new string(piece)), secret), Is.EqualTo("before *** after"));
    }

    [Test]
    public void The_recorded_log_of_a_private_build_comes_out_as_the_reference_made_it()
    {
        var raw = RecordedLogs.Body("filecache-buildlog-unsanitized-waiting");
        var expected = RecordedLogs.Body("filecache-buildlog-private-waiting");

        var output = Sanitising.Text(raw);

        Assert.That(raw, Does.Contain("user:secret"));
        Assert.That(output, Does.StartWith(expected), "the reference's ends where its cleaning up began");
        Assert.That(output[expected.Length..], Is.EqualTo("stub: remove-build\n"));
    }

    [Test]
    public void The_recorded_log_tail_of_a_private_build_comes_out_byte_for_byte()
    {
        var raw = RecordedLogs.Body("filecache-buildlog-unsanitized-waiting");
        const string End = "last line without newline";
        var building = raw[..(raw.IndexOf(End, StringComparison.Ordinal) + End.Length)];

        var tail = LogTail.OfPrivateLog(Encoding.Latin1.GetBytes(Sanitising.Text(building)));

        Assert.That(Encoding.Latin1.GetString(tail.Span), Is.EqualTo(RecordedLogs.Tail("status-building-private-short")));
    }

    [Test]
    public void The_recorded_log_tail_of_a_long_private_build_has_no_password_left_to_find()
    {
        var tail = RecordedLogs.Tail("status-building-private-long");
        var raw = tail.Replace("http://", "http://user:secret@", StringComparison.Ordinal);

        Assert.That(Sanitising.Text(raw), Is.EqualTo(tail));
    }

    private static void ForAll<T>(Gen<T> values, Action<T> holds) => Properties.ForAll(values, holds, sample: 2000);
}

using Buildd.Master;
using NUnit.Framework;

namespace Buildd.UnitTests.Master;

[Parallelizable(ParallelScope.All)]
public sealed class SecretsTests
{
    [TestCase("http://host/x", "http://host/x")]
    [TestCase("http://u:p@host/x", "http://host/x")]
    [TestCase("http://:token@host/x", "http://host/x")]
    [TestCase("http://user@host/x", "http://host/x")]
    [TestCase("http://u:p@q@host/x", "http://host/x")]
    [TestCase("http://u:p/w@host/x", "http://host/x")]
    [TestCase("http://u:p?w@host", "http://host")]
    [TestCase("http://u:p@[::1]:80/x", "http://[::1]:80/x")]
    [TestCase("http://[::1]:80/x@2", "http://[::1]:80/x@2")]
    [TestCase("http://host:8221/x@2x.png", "http://host:8221/x@2x.png")]
    [TestCase("http://host/mail@x", "http://host/mail@x")]
    [TestCase("deb http://u:p@a/ sid main # http://v:q@b/", "deb http://a/ sid main # http://b/")]
    [TestCase("HTTP Error 404 for 'http://u:p@h'", "HTTP Error 404 for 'http://h'")]
    [TestCase("mail me@example.org", "mail me@example.org")]
    [TestCase("http://", "http://")]
    [TestCase("", "")]
    public void User_information_is_taken_out_of_URLs(string text, string expected) =>
        Assert.That(Secrets.WithoutUserInfo(text), Is.EqualTo(expected));

    [Test]
    public void A_slaves_words_become_one_line_of_bounded_length_without_secrets()
    {
        var quoted = Secrets.Quote("  a\r\n\tb\u001b[2J hunter2 " + new string('x', 10_000), "hunter2", "");

        Assert.That(quoted, Does.StartWith("a b?[2J … xxx").And.EndsWith("x…").And.Length.LessThan(510));
    }
}

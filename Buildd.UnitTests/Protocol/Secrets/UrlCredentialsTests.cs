using Buildd.Protocol.Secrets;
using NUnit.Framework;

namespace Buildd.UnitTests.Protocol.Secrets;

[Parallelizable(ParallelScope.All)]
public sealed class UrlCredentialsTests
{
    [TestCase("http://host/x", "http://host/x")]
    [TestCase("http://u:p@host/x", "http://host/x")]
    [TestCase("http://:token@host/x", "http://host/x")]
    [TestCase("http://user@host/x", "http://host/x")]
    [TestCase("http://u:p@q@host/x", "http://host/x")]
    [TestCase("http://u:p/w@host/x", "http://host/x")]
    [TestCase("http://u:p?w@host", "http://host")]
    [TestCase("http://a:b:1/w@host/x", "http://host/x")]
    [TestCase("http://u:p/'w@host/x", "http://host/x")]
    [TestCase("http://u:p@[::1]:80/x", "http://[::1]:80/x")]
    [TestCase("http://[::1]:80/x@2", "http://[::1]:80/x@2")]
    [TestCase("http://host:8221/x@2x.png", "http://host:8221/x@2x.png")]
    [TestCase("http://host/mail@x", "http://host/mail@x")]
    [TestCase("deb http://u:p@a/ sid main # http://v:q@b/", "deb http://a/ sid main # http://b/")]
    [TestCase("HTTP Error 404 for 'http://u:p@h'", "HTTP Error 404 for 'http://h'")]
    [TestCase("mail me@example.org", "mail me@example.org")]
    [TestCase("http://", "http://")]
    [TestCase("", "")]
    public void Credentials_are_taken_out_of_URLs(string text, string expected) =>
        Assert.That(UrlCredentials.Without(text), Is.EqualTo(expected));

    [TestCase("http://u:p@host:8221/x", "http://host:8221/x")]
    [TestCase("http://u@host/", "http://host/")]
    [TestCase("http://host/x@y", "http://host/x@y")]
    [TestCase("/relative", "/relative")]
    public void A_URL_loses_its_own(string url, string expected) =>
        Assert.That(UrlCredentials.Without(new Uri(url, UriKind.RelativeOrAbsolute)).ToString(), Is.EqualTo(expected));
}

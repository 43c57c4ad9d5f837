using Buildd.Daemon.Security;
using Buildd.Testing.Files;
using Microsoft.Extensions.Primitives;
using NUnit.Framework;

namespace Buildd.UnitTests.Daemon.Security;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class BearerTokenTests : IDisposable
{
    private const string Token = "abcDEF0123456789-._~+/==";

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestCase("Bearer " + Token, true)]
    [TestCase("bearer   " + Token + " ", true)]
    [TestCase("Bearer " + Token + "x", false)]
    [TestCase("Bearer abcDEF0123456789-._~+/=", false)]
    [TestCase("Bearer ", false)]
    [TestCase("Bearer", false)]
    [TestCase(Token, false)]
    [TestCase("Basic " + Token, false)]
    [TestCase("Bearer Bearer " + Token, false)]
    [TestCase("Bearer \ud800", false)]
    [TestCase("", false)]
    [TestCase(null, false)]
    public void Only_the_token_is_the_token(string? header, bool isIt) =>
        Assert.That(Read(Token + "\n").Token!.IsIn(header), Is.EqualTo(isIt));

    [Test]
    public void A_token_beside_another_is_none()
    {
        var token = Read(Token).Token!;

        Assert.That(token.IsIn(new StringValues(["Bearer " + Token, "Bearer " + Token])), Is.False);
        Assert.That(token.IsIn(StringValues.Empty), Is.False);
    }

    [Test]
    public void One_that_is_longer_than_any_can_be_is_none() =>
        Assert.That(Read(Token).Token!.IsIn("Bearer " + new string('a', BearerToken.MaxLength + 1)), Is.False);

    [Test]
    public void The_longest_is_taken()
    {
        var token = new string('a', BearerToken.MaxLength);

        Assert.That(Read(token).Token!.IsIn("Bearer " + token), Is.True);
    }

    [TestCase("", "has 0 bytes")]
    [TestCase("\n", "has 0 characters")]
    [TestCase("fifteen-letters", "has 15 characters; it has to have from 16 to 1024")]
    [TestCase("two words in one line", "has to hold one token")]
    [TestCase("0123456789abcdef\n0123456789abcdef\n", "has to hold one token")]
    [TestCase("0123456789äbcdef", "has to hold one token")]
    [TestCase("0123=456789abcdef", "has to hold one token")]
    public void A_file_without_a_good_token_is_told_without_what_is_in_it(string content, string reason)
    {
        var (token, mistakes) = Read(content);

        Assert.That(token, Is.Null);
        Assert.That(mistakes, Has.Count.EqualTo(1));
        Assert.That(mistakes[0], Does.StartWith("token-file: ").And.Contain(reason).And.Contain(_folder["token"]));
        if (content.Trim().Length > 0)
            Assert.That(mistakes[0], Does.Not.Contain(content.Trim()));
    }

    [Test]
    public void A_long_file_is_not_read()
    {
        var (token, mistakes) = Read(new string('a', BearerToken.MaxLength + 1));
        Assert.That(token, Is.Null);
        Assert.That(mistakes.Single(), Does.Contain("has 1025 characters"));

        (token, mistakes) = Read(new string('a', 2 * 1024 * 1024));
        Assert.That(token, Is.Null);
        Assert.That(mistakes.Single(), Does.Contain("has 2097152 bytes; it has to have from 1 to 1048576"));
    }

    [TestCase(UnixFileMode.OtherRead, false)]
    [TestCase(UnixFileMode.OtherWrite, false)]
    [TestCase(UnixFileMode.GroupRead, true)]
    public void A_token_that_everybody_can_read_is_none(UnixFileMode more, bool isTaken)
    {
        var (token, mistakes) = Read(Token, UnixFileMode.UserRead | more);

        Assert.That(token is not null, Is.EqualTo(isTaken));
        Assert.That(mistakes, isTaken ? Is.Empty : Has.One.Contains("everybody on this machine may read or write"));
    }

    [Test]
    public void A_link_does_not_hide_that_everybody_can_read_it()
    {
        Read(Token, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        File.CreateSymbolicLink(_folder["link"], _folder["token"]);
        var mistakes = new List<string>();

        Assert.That(BearerToken.Read(_folder["link"], mistakes), Is.Null);
        Assert.That(mistakes, Has.One.Contains("everybody on this machine"));
    }

    [Test]
    public void A_file_that_is_not_there_is_told()
    {
        var mistakes = new List<string>();

        Assert.That(BearerToken.Read(_folder["none"], mistakes), Is.Null);
        Assert.That(mistakes, Is.EqualTo(new[] { $"token-file: there is no file '{_folder["none"]}'" }));
    }

    private (BearerToken? Token, List<string> Mistakes) Read(
        string content, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        var mistakes = new List<string>();
        var path = _folder["token"];
        File.Delete(path);
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, mode);
        return (BearerToken.Read(path, mistakes), mistakes);
    }
}
